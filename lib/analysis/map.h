/*
 * A hash map from 64-bit keys to 32-bit values (indexes into somebody's array), open
 * addressing. Keys are never removed. A find costs one multiplication and, mostly, one
 * cache line.
 */
#ifndef PMT_ANALYSIS_MAP_H
#define PMT_ANALYSIS_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define PMT_MAP_NONE UINT32_MAX

struct pmt_map_slot {
	uint64_t key;
	uint32_t value; /* PMT_MAP_NONE: the slot is free */
};

/* All zero is an empty map that owns nothing. */
struct pmt_map {
	struct pmt_map_slot *slots;
	size_t slot_count; /* 0 or a power of two */
	size_t used_count;
};

void pmt_map_close(struct pmt_map *map);

/* The value of key, PMT_MAP_NONE without one. */
uint32_t pmt_map_find(const struct pmt_map *map, uint64_t key);

/* Sets the value (not PMT_MAP_NONE) of key. 0 or -ENOMEM. */
int pmt_map_put(struct pmt_map *map, uint64_t key, uint32_t value) PMT_MUST_CHECK;

#endif
