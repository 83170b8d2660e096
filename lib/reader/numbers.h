/* A map from a number in the file (function id, stream) to a place in an array. */
#ifndef PMT_READER_NUMBERS_H
#define PMT_READER_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { PMT_NUMBERS_NONE = UINT32_MAX };

struct pmt_numbers {
	struct {
		uint32_t number;
		uint32_t place_plus_1; /* 0: free */
	} *slots;
	size_t count;
	size_t room; /* a power of two, or 0 */
};

/* Begin with a zeroed struct. put: number must not be there yet; 0 or -ENOMEM. */
int pmt_numbers_put(struct pmt_numbers *map, uint32_t number,
		    uint32_t place) PMT_MUST_CHECK;
void pmt_numbers_close(struct pmt_numbers *map);

/* The multiplier spreads neighbouring numbers over the table (2^32 / golden ratio). */
static inline size_t pmt_numbers_hash(uint32_t number)
{
	uint32_t h = number * 2654435769u;

	return h ^ (h >> 15);
}

/* The place, or PMT_NUMBERS_NONE. */
static inline uint32_t pmt_numbers_get(const struct pmt_numbers *map, uint32_t number)
{
	if (map->room == 0)
		return PMT_NUMBERS_NONE;
	size_t i = pmt_numbers_hash(number) & (map->room - 1);
	while (map->slots[i].place_plus_1 && map->slots[i].number != number)
		i = (i + 1) & (map->room - 1);
	return map->slots[i].place_plus_1 - 1; /* free: wraps round to NONE */
}

#endif
