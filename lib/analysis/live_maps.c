/* A sorted array and binary search. */
#include "analysis/live_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first mapping that ends behind address: the one that holds it, or the next. */
static size_t find(const struct pmt_live_maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->items[middle].to > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int insert(struct pmt_live_maps *maps, size_t at, struct pmt_live_map map)
{
	if (maps->count == maps->capacity) {
		size_t capacity = maps->capacity ? maps->capacity * 2 : 64;
		struct pmt_live_map *items =
		    realloc(maps->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		maps->items = items;
		maps->capacity = capacity;
	}
	memmove(&maps->items[at + 1], &maps->items[at],
		(maps->count - at) * sizeof(*maps->items));
	maps->items[at] = map;
	maps->count++;
	return 0;
}

static void remove_at(struct pmt_live_maps *maps, size_t at)
{
	maps->count--;
	memmove(&maps->items[at], &maps->items[at + 1],
		(maps->count - at) * sizeof(*maps->items));
}

void pmt_live_maps_close(struct pmt_live_maps *maps)
{
	free(maps->items);
	*maps = (struct pmt_live_maps){0};
}

bool pmt_live_maps_overlap(const struct pmt_live_maps *maps, uint64_t from, uint64_t to)
{
	size_t i = find(maps, from);

	return i < maps->count && maps->items[i].from < to;
}

const struct pmt_live_map *pmt_live_maps_at(const struct pmt_live_maps *maps,
					    uint64_t from)
{
	size_t i = find(maps, from);

	return i < maps->count && maps->items[i].from == from ? &maps->items[i] : NULL;
}

int pmt_live_maps_put(struct pmt_live_maps *maps, struct pmt_live_map map)
{
	return insert(maps, find(maps, map.from), map);
}

int pmt_live_maps_take(struct pmt_live_maps *maps, uint64_t from, uint64_t to,
		       struct pmt_live_map *ret_piece, bool *ret_whole)
{
	size_t i = find(maps, from);

	if (i == maps->count || maps->items[i].from >= to)
		return -ENOENT;
	struct pmt_live_map *map = &maps->items[i];
	struct pmt_live_map piece = *map;
	bool keeps_left = map->from<from, keeps_right = map->to> to;

	if (keeps_left)
		piece.from = from;
	if (keeps_right)
		piece.to = to;
	if (keeps_left && keeps_right) {
		struct pmt_live_map right = {to, map->to, map->scale, map->place};
		int error = insert(maps, i + 1, right);

		if (error)
			return error;
		maps->items[i].to = from; /* insert may have moved the array */
	} else if (keeps_left) {
		map->to = from;
	} else if (keeps_right) {
		map->from = to;
	} else {
		remove_at(maps, i);
	}
	*ret_piece = piece;
	*ret_whole = !keeps_left && !keeps_right;
	return 0;
}
