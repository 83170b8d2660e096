/*
 * The table of file mappings, and the sums. Any thread, no lock: a slot belongs to
 * whoever swapped its begin for BUSY. Two threads that unmap parts of one and the same
 * file mapping at the same moment may find it busy: the second part then counts as
 * anonymous.
 */
#include "counters/mappings.h"

#include <stdint.h>
#include <unistd.h>

#include "base/atomics.h"

/* Addresses; begin is 0 in a free slot. Whoever holds a slot writes end before it
 * releases begin. */
struct slot {
	_Atomic uint64_t begin;
	_Atomic uint64_t end;
};

enum { FREE = 0, BUSY = 1 };

static struct slot slots[PMT_FILE_MAPPINGS_MAX];
/* Slots from here on were never used. Any thread raises it. */
static _Atomic uint32_t slots_end;

static uint64_t round_up(uint64_t size)
{
	uint64_t page = (uint64_t)getpagesize();

	return (size + page - 1) & -page;
}

static void raise_end(uint32_t end)
{
	uint32_t seen = pmt_load32_acquire(&slots_end);

	while (seen < end && !pmt_cas32(&slots_end, seen, end))
		seen = pmt_load32_acquire(&slots_end);
}

static bool remember(uint64_t begin, uint64_t end)
{
	for (uint32_t i = 0; i < PMT_FILE_MAPPINGS_MAX; i++) {
		if (pmt_load_relaxed(&slots[i].begin) != FREE ||
		    !pmt_cas(&slots[i].begin, FREE, BUSY))
			continue;
		raise_end(i + 1);
		pmt_store_relaxed(&slots[i].end, end); /* released with begin */
		pmt_store_release(&slots[i].begin, begin);
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
static uint64_t take_from(struct slot *slot, uint64_t begin, uint64_t end)
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
			remember(end, slot_end);
	} else {
		pmt_store_release(&slot->begin, slot_end > end ? end : FREE);
	}
	return min_of(end, slot_end) - max_of(begin, slot_begin);
}

struct pmt_unmapping pmt_mappings_take(const void *at, size_t size)
{
	struct pmt_unmapping u = {.at = at, .size = round_up(size)};
	uint64_t begin = (uintptr_t)at;
	uint32_t end = pmt_load32_acquire(&slots_end);

	for (uint32_t i = 0; i < end; i++)
		u.file_bytes += take_from(&slots[i], begin, begin + u.size);
	return u;
}

void pmt_mappings_put_back(const struct pmt_unmapping *u)
{
	if (u->file_bytes)
		remember((uintptr_t)u->at, (uintptr_t)u->at + u->file_bytes);
}

void pmt_mappings_count_unmapped_self(struct pmt_thread *t, const struct pmt_unmapping *u)
{
	t->sums.file_mapped_bytes -= (int64_t)u->file_bytes;
	t->sums.mapped_bytes -= (int64_t)(u->size - u->file_bytes);
}

void pmt_mappings_count_mapped_self(struct pmt_thread *t, const void *at, size_t size,
				    bool is_file)
{
	uint64_t bytes = round_up(size);

	if (is_file && remember((uintptr_t)at, (uintptr_t)at + bytes))
		t->sums.file_mapped_bytes += (int64_t)bytes;
	else
		t->sums.mapped_bytes += (int64_t)bytes;
}

bool pmt_mappings_is_file(const void *at)
{
	uint64_t address = (uintptr_t)at;
	uint32_t end = pmt_load32_acquire(&slots_end);

	for (uint32_t i = 0; i < end; i++) {
		uint64_t begin = pmt_load_acquire(&slots[i].begin);

		if (begin > BUSY && begin <= address &&
		    address < pmt_load_relaxed(&slots[i].end))
			return true;
	}
	return false;
}
