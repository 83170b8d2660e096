/*
 * Slots, each of whoever swapped its begin for BUSY. Two threads that unmap parts of one
 * and the same range at the same moment may find it busy: the second part then stays.
 */
#include "counters/ranges.h"

enum { FREE = 0, BUSY = 1 };

static void raise_end(struct pmt_ranges *ranges, uint32_t end)
{
	uint32_t seen = pmt_load32_acquire(&ranges->slots_end);

	while (seen < end && !pmt_cas32(&ranges->slots_end, seen, end))
		seen = pmt_load32_acquire(&ranges->slots_end);
}

bool pmt_ranges_put(struct pmt_ranges *ranges, uint64_t begin, uint64_t end)
{
	for (uint32_t i = 0; i < ranges->slot_count; i++) {
		struct pmt_range_slot *slot = &ranges->slots[i];

		if (pmt_load_relaxed(&slot->begin) != FREE ||
		    !pmt_cas(&slot->begin, FREE, BUSY))
			continue;
		raise_end(ranges, i + 1);
		pmt_store_relaxed(&slot->end, end); /* released with begin */
		pmt_store_release(&slot->begin, begin);
		return true;
	}
	return false;
}

static uint64_t max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Takes [begin, end) out of one slot; returns how much was in it. A slot that lies apart
 * is not even held for a moment: its own thread may be unmapping it just now, and would
 * find it busy. Its end is at least as new as its begin, and a begin that is still the
 * same at the swap is of the same mapping, or of one that the program maps while it
 * unmaps here.
 */
static uint64_t take_from(struct pmt_ranges *ranges, struct pmt_range_slot *slot,
			  uint64_t begin, uint64_t end)
{
	uint64_t slot_begin = pmt_load_acquire(&slot->begin);
	uint64_t slot_end;

	if (slot_begin <= BUSY || slot_begin >= end ||
	    pmt_load_relaxed(&slot->end) <= begin ||
	    !pmt_cas(&slot->begin, slot_begin, BUSY))
		return 0;
	slot_end = pmt_load_relaxed(&slot->end); /* ours since the swap */
	if (slot_end <= begin) {
		pmt_store_release(&slot->begin, slot_begin);
		return 0;
	}
	/* What stays before the range keeps the slot, what stays behind it too if that
	 * is all; a hole in the middle needs another. */
	if (slot_begin < begin) {
		pmt_store_relaxed(&slot->end, begin);
		pmt_store_release(&slot->begin, slot_begin);
		if (slot_end > end)
			pmt_ranges_put(ranges, end, slot_end);
	} else {
		pmt_store_release(&slot->begin, slot_end > end ? end : FREE);
	}
	return min_of(end, slot_end) - max_of(begin, slot_begin);
}

uint64_t pmt_ranges_take(struct pmt_ranges *ranges, uint64_t begin, uint64_t end)
{
	uint32_t slots_end = pmt_load32_acquire(&ranges->slots_end);
	uint64_t taken = 0;

	for (uint32_t i = 0; i < slots_end; i++)
		taken += take_from(ranges, &ranges->slots[i], begin, end);
	return taken;
}

bool pmt_ranges_hold(struct pmt_ranges *ranges, uint64_t address)
{
	uint32_t slots_end = pmt_load32_acquire(&ranges->slots_end);

	for (uint32_t i = 0; i < slots_end; i++) {
		const struct pmt_range_slot *slot = &ranges->slots[i];
		uint64_t begin = pmt_load_acquire(&slot->begin);

		if (begin > BUSY && begin <= address &&
		    address < pmt_load_relaxed(&slot->end))
			return true;
	}
	return false;
}
