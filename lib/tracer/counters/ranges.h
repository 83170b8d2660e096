/*
 * A table of address ranges that come and go: mappings of which something is to be known
 * when they, or parts of them, are unmapped. Any thread, no lock, no memory but its own.
 */
#ifndef PMT_TRACER_COUNTERS_RANGES_H
#define PMT_TRACER_COUNTERS_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomics.h"

/* Addresses; begin is 0 in a free slot. Whoever holds a slot writes end before it
 * releases begin. */
struct pmt_range_slot {
	_Atomic uint64_t begin;
	_Atomic uint64_t end;
};

/* All zero but slots and slot_count is an empty table. */
struct pmt_ranges {
	struct pmt_range_slot *slots;
	uint32_t slot_count;
	/* Slots from here on were never used. Any thread raises it. */
	_Atomic uint32_t slots_end;
};

/* False: the table is full. */
bool pmt_ranges_put(struct pmt_ranges *ranges, uint64_t begin, uint64_t end);

/* Takes what lies in [begin, end) out; how many bytes that were. Costs a look at each
 * slot that was ever used. */
uint64_t pmt_ranges_take(struct pmt_ranges *ranges, uint64_t begin, uint64_t end);

/* Whether one of them holds the address. */
bool pmt_ranges_hold(struct pmt_ranges *ranges, uint64_t address);

#endif
