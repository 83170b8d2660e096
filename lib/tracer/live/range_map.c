/* A sorted array and binary search. */
#include "live/range_map.h"

#include <string.h>

#include "os/patience.h"
#include "rss/own_memory.h"

enum { FIRST_RANGES = 512 };

bool pmt_range_map_lock(struct pmt_range_map *map)
{
	for (int i = 0; i < PMT_PATIENCE_ALL; i++) {
		if (pmt_cas32(&map->lock, 0, 1))
			return true;
		pmt_patience_wait(i);
	}
	return false;
}

void pmt_range_map_unlock(struct pmt_range_map *map)
{
	pmt_store32_release(&map->lock, 0);
}

/* The first range that ends behind address: the one that holds it, or the next. */
static uint32_t find(const struct pmt_range_map *map, uint64_t address)
{
	uint32_t low = 0, high = map->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (map->items[middle].to > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool make_room(struct pmt_range_map *map)
{
	uint32_t capacity = map->capacity ? map->capacity * 2 : FIRST_RANGES;
	struct pmt_range *old = map->items;

	if (map->count < map->capacity)
		return true;
	if (capacity > PMT_RANGES_MAX)
		return false;
	struct pmt_range *items =
	    pmt_own_map(capacity * sizeof(*items), PMT_OWN_INHERITED);
	if (!items)
		return false;
	if (old)
		memcpy(items, old, map->count * sizeof(*items));
	map->items = items;
	if (old)
		pmt_own_unmap(old, map->capacity * sizeof(*items));
	map->capacity = capacity;
	return true;
}

static void insert(struct pmt_range_map *map, uint32_t at, struct pmt_range range)
{
	memmove(&map->items[at + 1], &map->items[at],
		(map->count - at) * sizeof(*map->items));
	map->items[at] = range;
	map->count++;
}

static void remove_at(struct pmt_range_map *map, uint32_t at)
{
	map->count--;
	memmove(&map->items[at], &map->items[at + 1],
		(map->count - at) * sizeof(*map->items));
}

bool pmt_range_map_put(struct pmt_range_map *map, struct pmt_range range)
{
	if (!make_room(map))
		return false;
	insert(map, find(map, range.from), range);
	return true;
}

bool pmt_range_map_take(struct pmt_range_map *map, uint64_t from, uint64_t to,
			struct pmt_range *ret_piece, bool *ret_whole)
{
	uint32_t i = find(map, from);

	if (i == map->count || map->items[i].from >= to)
		return false;
	struct pmt_range piece = map->items[i], whole = piece;
	bool keeps_left = whole.from < from, keeps_right = to < whole.to;

	if (keeps_left)
		piece.from = from;
	if (keeps_right)
		piece.to = to;
	if (keeps_left && keeps_right) {
		if (!make_room(map))
			return false;
		map->items[i].to = from;
		insert(map, i + 1, (struct pmt_range){to, whole.to, whole.value});
	} else if (keeps_left) {
		map->items[i].to = from;
	} else if (keeps_right) {
		map->items[i].from = to;
	} else {
		remove_at(map, i);
	}
	*ret_piece = piece;
	*ret_whole = !keeps_left && !keeps_right;
	return true;
}

uint32_t pmt_range_map_after_fork(struct pmt_range_map *map)
{
	uint32_t forgotten = 0;

	if (pmt_load32_relaxed(&map->lock)) {
		forgotten = map->count;
		map->count = 0;
		pmt_range_map_unlock(map);
	}
	return forgotten;
}
