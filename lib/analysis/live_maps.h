/* The mappings that are live, by address: ranges that never overlap, in a sorted array.
 * A process has at most some ten thousand. A part can be taken out of a range. */
#ifndef PMT_ANALYSIS_LIVE_MAPS_H
#define PMT_ANALYSIS_LIVE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct pmt_live_map {
	uint64_t from;
	uint64_t to;    /* behind the last byte */
	uint64_t scale; /* of the mapping as it was made: pmt_places_scale */
	uint32_t place; /* who asked for it */
};

/* All zero is an empty set that owns nothing. */
struct pmt_live_maps {
	struct pmt_live_map *items;
	size_t count;
	size_t capacity;
};

void pmt_live_maps_close(struct pmt_live_maps *maps);

/* True when a mapping lies in [from, to), in whole or in part. */
bool pmt_live_maps_overlap(const struct pmt_live_maps *maps, uint64_t from, uint64_t to);

/* The mapping that begins at from, NULL without one. Good until the next change. */
const struct pmt_live_map *pmt_live_maps_at(const struct pmt_live_maps *maps,
					    uint64_t from);

/* Takes a mapping that overlaps no other. 0 or -ENOMEM. */
int pmt_live_maps_put(struct pmt_live_maps *maps, struct pmt_live_map map) PMT_MUST_CHECK;

/* Takes the first piece that lies in [from, to) out: *ret_piece is what was there, with
 * *ret_whole when nothing of its mapping is left. 0, -ENOENT when nothing lies there, or
 * -ENOMEM with nothing changed. */
int pmt_live_maps_take(struct pmt_live_maps *maps, uint64_t from, uint64_t to,
		       struct pmt_live_map *ret_piece, bool *ret_whole) PMT_MUST_CHECK;

#endif
