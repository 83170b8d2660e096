/* Places, by a map of what makes them one. */
#include "analysis/places.h"

#include <errno.h>
#include <stdlib.h>

void pmt_places_close(struct pmt_places *places)
{
	free(places->items);
	pmt_map_close(&places->by_key);
	*places = (struct pmt_places){0};
}

static bool is_at(const struct pmt_place *place, uint32_t stream, uint32_t context,
		  enum pmt_place_kind kind)
{
	return place->stream == stream && place->context == context &&
	       place->kind == kind;
}

static int append(struct pmt_places *places, struct pmt_place place)
{
	if (places->count == places->capacity) {
		uint32_t capacity = places->capacity ? places->capacity * 2 : 256;
		struct pmt_place *items =
		    realloc(places->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		places->items = items;
		places->capacity = capacity;
	}
	places->items[places->count++] = place;
	return 0;
}

int pmt_places_get(struct pmt_places *places, uint32_t stream, uint32_t context,
		   enum pmt_place_kind kind, uint32_t *ret_place)
{
	/* Streams are few and ids small: keys hardly ever meet, and then step aside. */
	uint64_t key =
	    (uint64_t)stream << 40 ^ (uint64_t)context << 3 ^ (uint64_t)(unsigned)kind;
	uint32_t found;

	while ((found = pmt_map_find(&places->by_key, key)) != PMT_MAP_NONE) {
		if (is_at(&places->items[found], stream, context, kind)) {
			*ret_place = found;
			return 0;
		}
		key += 0x9e3779b97f4a7c15u;
	}
	int error = append(places, (struct pmt_place){.stream = stream,
						      .context = context,
						      .kind = (uint8_t)kind});
	if (!error)
		error = pmt_map_put(&places->by_key, key, places->count - 1);
	if (!error)
		*ret_place = places->count - 1;
	return error;
}

void pmt_places_begin_anew(struct pmt_places *places, uint64_t tick)
{
	pmt_map_close(&places->by_key);
	places->peak = places->heap;
	places->peak_number++;
	places->peak_tick = tick;
}

/* Before a place changes: what it had is what it had at the peak, unless it has changed
 * since then already. */
static void keep_peak(const struct pmt_places *places, struct pmt_place *place)
{
	if (place->peak_number == places->peak_number)
		return;
	place->at_peak = place->live;
	place->peak_number = places->peak_number;
}

void pmt_places_add(struct pmt_places *places, uint32_t at, uint64_t bytes,
		    uint64_t count, uint64_t tick)
{
	struct pmt_place *place = &places->items[at];

	keep_peak(places, place);
	place->live.bytes += bytes;
	place->live.count += count;
	place->allocated.bytes += bytes;
	place->allocated.count += count;
	if (!pmt_place_is_heap(place))
		return;
	places->heap.bytes += bytes;
	places->heap.count += count;
	if (places->heap.bytes > places->peak.bytes) {
		places->peak = places->heap;
		places->peak_number++;
		places->peak_tick = tick;
	}
}

void pmt_places_remove(struct pmt_places *places, uint32_t at, uint64_t bytes,
		       uint64_t count)
{
	struct pmt_place *place = &places->items[at];

	keep_peak(places, place);
	place->live.bytes -= bytes;
	place->live.count -= count;
	if (pmt_place_is_heap(place)) {
		places->heap.bytes -= bytes;
		places->heap.count -= count;
	}
}

void pmt_places_pass(struct pmt_places *places, uint32_t at, uint64_t bytes,
		     bool is_temporary)
{
	struct pmt_place *place = &places->items[at];

	place->allocated.bytes += bytes;
	place->allocated.count++;
	if (is_temporary) {
		place->temporary.bytes += bytes;
		place->temporary.count++;
	}
}

void pmt_places_finish(struct pmt_places *places)
{
	for (uint32_t i = 0; i < places->count; i++)
		keep_peak(places, &places->items[i]);
}
