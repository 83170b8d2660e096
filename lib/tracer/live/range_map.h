/*
 * The program's own mappings that are live, by address: ranges that never overlap, each
 * with a number that says whose it is. A part can be taken out of one. Beside a system
 * call each time: one lock, held for a binary search and a move.
 */
#ifndef PMT_TRACER_LIVE_RANGE_MAP_H
#define PMT_TRACER_LIVE_RANGE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomics.h"

enum { PMT_RANGES_MAX = 1 << 17 };

struct pmt_range {
	uint64_t from;
	uint64_t to; /* behind the last byte */
	uint64_t value;
};

/* All zero is an empty map. All but the lock: whoever holds the lock. */
struct pmt_range_map {
	_Atomic uint32_t lock;
	uint32_t count;
	uint32_t capacity;
	struct pmt_range *items; /* sorted */
};

/* One caller at a time between these. False, at once or after some milliseconds, when the
 * holder does not go on. */
bool pmt_range_map_lock(struct pmt_range_map *map);
void pmt_range_map_unlock(struct pmt_range_map *map);

/* Takes a range that overlaps no other. False: no room. Lock held, as below. */
bool pmt_range_map_put(struct pmt_range_map *map, struct pmt_range range);

/* Takes the first piece in [from, to) out; *ret_whole when nothing of its range is left.
 * False: nothing lies there; or no room for what would be left, and nothing is changed.
 */
bool pmt_range_map_take(struct pmt_range_map *map, uint64_t from, uint64_t to,
			struct pmt_range *ret_piece, bool *ret_whole);

/* In a forked child, on its only thread. What a thread of the parent was just changing is
 * forgotten: returns how many ranges that were. */
uint32_t pmt_range_map_after_fork(struct pmt_range_map *map);

#endif
