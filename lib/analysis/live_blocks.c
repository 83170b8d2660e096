/* Open addressing; a removal moves what follows back, so that no search ends early. */
#include "analysis/live_blocks.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_PLACES = 1024 };

void pmt_live_blocks_close(struct pmt_live_blocks *live)
{
	free(live->places);
	*live = (struct pmt_live_blocks){0};
}

static size_t home_of(const struct pmt_live_blocks *live, uint64_t address)
{
	/* The low four bits of an address say nothing. */
	return (size_t)(((address >> 4) * 0x9e3779b97f4a7c15u) >> 20) &
	       (live->place_count - 1);
}

static struct pmt_live_block *place_of(const struct pmt_live_blocks *live,
				       uint64_t address)
{
	size_t i = home_of(live, address);

	while (live->places[i].address && live->places[i].address != address)
		i = (i + 1) & (live->place_count - 1);
	return &live->places[i];
}

struct pmt_live_block *pmt_live_blocks_find(const struct pmt_live_blocks *live,
					    uint64_t address)
{
	struct pmt_live_block *place =
	    live->place_count && address ? place_of(live, address) : NULL;

	return place && place->address ? place : NULL;
}

static int grow(struct pmt_live_blocks *live)
{
	size_t count = live->place_count ? live->place_count * 2 : FIRST_PLACES;
	struct pmt_live_blocks larger = {calloc(count, sizeof(*larger.places)), count,
					 live->count};

	if (!larger.places)
		return -ENOMEM;
	for (size_t i = 0; i < live->place_count; i++)
		if (live->places[i].address)
			*place_of(&larger, live->places[i].address) = live->places[i];
	free(live->places);
	*live = larger;
	return 0;
}

int pmt_live_blocks_put(struct pmt_live_blocks *live, const struct pmt_live_block *block)
{
	if (live->count * 2 >= live->place_count && grow(live) != 0)
		return -ENOMEM;
	*place_of(live, block->address) = *block;
	live->count++;
	return 0;
}

void pmt_live_blocks_remove(struct pmt_live_blocks *live, struct pmt_live_block *block)
{
	size_t mask = live->place_count - 1;
	size_t hole = (size_t)(block - live->places);

	for (size_t i = (hole + 1) & mask; live->places[i].address; i = (i + 1) & mask) {
		size_t home = home_of(live, live->places[i].address);
		/* It may move to the hole unless its home lies behind that. */
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		live->places[hole] = live->places[i];
		hole = i;
	}
	live->places[hole] = (struct pmt_live_block){0};
	live->count--;
}
