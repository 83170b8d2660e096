/* Linear probing at a load of at most two thirds, Fibonacci hashing. */
#include "analysis/map.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOTS_MIN = 64 };

static size_t slot_of(const struct pmt_map *map, uint64_t key)
{
	uint64_t hash = key * 0x9e3779b97f4a7c15u;

	/* The high bits are the well mixed ones. */
	hash ^= hash >> 32;
	return (size_t)hash & (map->slot_count - 1);
}

static struct pmt_map_slot *probe(const struct pmt_map *map, uint64_t key)
{
	size_t i = slot_of(map, key);

	while (map->slots[i].value != PMT_MAP_NONE && map->slots[i].key != key)
		i = (i + 1) & (map->slot_count - 1);
	return &map->slots[i];
}

static int grow(struct pmt_map *map)
{
	struct pmt_map bigger = {NULL, map->slot_count ? map->slot_count * 2 : SLOTS_MIN,
				 map->used_count};

	bigger.slots = calloc(bigger.slot_count, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < bigger.slot_count; i++)
		bigger.slots[i].value = PMT_MAP_NONE;
	for (size_t i = 0; i < map->slot_count; i++) {
		if (map->slots[i].value != PMT_MAP_NONE)
			*probe(&bigger, map->slots[i].key) = map->slots[i];
	}
	free(map->slots);
	*map = bigger;
	return 0;
}

void pmt_map_close(struct pmt_map *map)
{
	free(map->slots);
	*map = (struct pmt_map){0};
}

uint32_t pmt_map_find(const struct pmt_map *map, uint64_t key)
{
	if (map->slot_count == 0)
		return PMT_MAP_NONE;
	return probe(map, key)->value;
}

int pmt_map_put(struct pmt_map *map, uint64_t key, uint32_t value)
{
	if (map->used_count * 3 >= map->slot_count * 2) {
		int error = grow(map);

		if (error)
			return error;
	}
	struct pmt_map_slot *slot = probe(map, key);
	map->used_count += slot->value == PMT_MAP_NONE;
	*slot = (struct pmt_map_slot){key, value};
	return 0;
}
