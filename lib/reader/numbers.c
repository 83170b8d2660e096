/* Open addressing with linear probing, at most three quarters full; see numbers.h. */
#include "reader/numbers.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_ROOM = 64 };

static void insert(struct pmt_numbers *map, uint32_t number, uint32_t place_plus_1)
{
	size_t i = pmt_numbers_hash(number) & (map->room - 1);

	while (map->slots[i].place_plus_1)
		i = (i + 1) & (map->room - 1);
	map->slots[i].number = number;
	map->slots[i].place_plus_1 = place_plus_1;
}

static int grow(struct pmt_numbers *map)
{
	struct pmt_numbers larger = {
	    .room = map->room ? map->room * 2 : FIRST_ROOM,
	    .count = map->count,
	};

	larger.slots = calloc(larger.room, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->room; i++)
		if (map->slots[i].place_plus_1)
			insert(&larger, map->slots[i].number, map->slots[i].place_plus_1);
	free(map->slots);
	*map = larger;
	return 0;
}

int pmt_numbers_put(struct pmt_numbers *map, uint32_t number, uint32_t place)
{
	if (map->count * 4 >= map->room * 3 && grow(map) != 0)
		return -ENOMEM;
	insert(map, number, place + 1);
	map->count++;
	return 0;
}

void pmt_numbers_close(struct pmt_numbers *map)
{
	free(map->slots);
	*map = (struct pmt_numbers){0};
}
