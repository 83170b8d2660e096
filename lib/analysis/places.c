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

const char *pmt_place_domain(uint8_t kind)
{
	static const char *const words[PMT_PLACE_KINDS] = {
	    [PMT_PLACE_MALLOC] = "malloc", [PMT_PLACE_MAPPED] = "mmap",
	    [PMT_PLACE_RAW] = "raw",       [PMT_PLACE_MEM] = "mem",
	    [PMT_PLACE_OBJECT] = "obj",
	};

	return kind < PMT_PLACE_KINDS ? words[kind] : NULL;
}

static bool is_at(const struct pmt_place *place, const struct pmt_place *wanted)
{
	return place->stream == wanted->stream && place->context == wanted->context &&
	       place->kind == wanted->kind && place->size_class == wanted->size_class;
}

static int append(struct pmt_places *places, const struct pmt_place *place)
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
	places->items[places->count++] = *place;
	return 0;
}

int pmt_places_get(struct pmt_places *places, uint32_t stream, uint32_t context,
		   enum pmt_place_kind kind, unsigned size_class, uint32_t *ret_place)
{
	const struct pmt_place place = {.stream = stream,
					.context = context,
					.kind = (uint8_t)kind,
					.size_class = (uint8_t)size_class};
	/* Streams are few and ids small: keys hardly ever meet, and then step aside. */
	uint64_t key = (uint64_t)stream << 40 ^ (uint64_t)context << 11 ^
		       (uint64_t)size_class << 4 ^ (uint64_t)(unsigned)kind;
	uint32_t found;

	while ((found = pmt_map_find(&places->by_key, key)) != PMT_MAP_NONE) {
		if (is_at(&places->items[found], &place)) {
			*ret_place = found;
			return 0;
		}
		key += 0x9e3779b97f4a7c15u;
	}
	int error = append(places, &place);
	if (!error)
		error = pmt_map_put(&places->by_key, key, places->count - 1);
	if (!error)
		*ret_place = places->count - 1;
	return error;
}

void pmt_places_begin_anew(struct pmt_places *places, uint64_t tick)
{
	pmt_map_close(&places->by_key);
	for (unsigned i = 0; i < PMT_MOMENTS; i++)
		pmt_places_note(places, i, tick);
}

void pmt_places_note(struct pmt_places *places, enum pmt_place_moment moment,
		     uint64_t tick)
{
	struct pmt_place_moment_state *state = &places->moments[moment];

	state->heap = places->heap;
	state->number++;
	state->tick = tick;
}

/* Before a place changes: what it had is what it had at each moment, unless it has
 * changed since then already. */
static void keep_moments(const struct pmt_places *places, struct pmt_place *place)
{
	for (unsigned i = 0; i < PMT_MOMENTS; i++) {
		if (place->moment_number[i] == places->moments[i].number)
			continue;
		place->at[i] = place->live;
		place->moment_number[i] = places->moments[i].number;
	}
}

uint64_t pmt_places_scale(const struct pmt_places *places, uint64_t block_bytes)
{
	return pmt_sample_scale(places->sample_mean_bytes, block_bytes);
}

static void add(struct pmt_held *held, uint64_t bytes, uint64_t count, uint64_t scale)
{
	pmt_share_add(&held->bytes, &held->bytes_part, pmt_share_of(bytes, scale));
	pmt_share_add(&held->count, &held->count_part, pmt_share_of(count, scale));
	held->sample_count += count;
}

static void take_away(struct pmt_held *held, uint64_t bytes, uint64_t count,
		      uint64_t scale)
{
	pmt_share_remove(&held->bytes, &held->bytes_part, pmt_share_of(bytes, scale));
	pmt_share_remove(&held->count, &held->count_part, pmt_share_of(count, scale));
	held->sample_count -= count;
}

void pmt_places_add(struct pmt_places *places, uint32_t at, uint64_t bytes,
		    uint64_t count, uint64_t scale, uint64_t tick)
{
	struct pmt_place *place = &places->items[at];

	keep_moments(places, place);
	add(&place->live, bytes, count, scale);
	add(&place->allocated, bytes, count, scale);
	if (!pmt_place_is_heap(place))
		return;
	add(&places->heap, bytes, count, scale);
	if (place->kind == PMT_PLACE_MAPPED)
		places->mapped_bytes += pmt_share_of(bytes, scale).whole;
	if (places->heap.bytes > places->moments[PMT_MOMENT_HEAP].heap.bytes)
		pmt_places_note(places, PMT_MOMENT_HEAP, tick);
}

void pmt_places_remove(struct pmt_places *places, uint32_t at, uint64_t bytes,
		       uint64_t count, uint64_t scale)
{
	struct pmt_place *place = &places->items[at];

	keep_moments(places, place);
	take_away(&place->live, bytes, count, scale);
	if (pmt_place_is_heap(place)) {
		take_away(&places->heap, bytes, count, scale);
		if (place->kind == PMT_PLACE_MAPPED)
			places->mapped_bytes -= pmt_share_of(bytes, scale).whole;
	}
}

void pmt_places_ask(struct pmt_places *places, uint32_t at, uint64_t requested_bytes,
		    uint64_t block_bytes)
{
	places->items[at].requested_bytes +=
	    pmt_share_of(requested_bytes, pmt_places_scale(places, block_bytes)).whole;
}

int pmt_places_note_other(struct pmt_places *places, uint32_t at, uint32_t stream,
			  uint64_t bytes)
{
	enum pmt_place_kind kind = places->items[at].kind;
	uint32_t other;
	int error = pmt_places_get(places, stream, 0, kind, 0, &other);

	if (error)
		return error;
	places->items[at].freed_by_others_bytes =
	    (int64_t)((uint64_t)places->items[at].freed_by_others_bytes + bytes);
	places->items[other].freed_by_others_bytes =
	    (int64_t)((uint64_t)places->items[other].freed_by_others_bytes - bytes);
	return 0;
}

void pmt_places_note_temporary(struct pmt_places *places, uint32_t at, uint64_t bytes)
{
	add(&places->items[at].temporary, bytes, 1, pmt_places_scale(places, bytes));
}

void pmt_places_pass(struct pmt_places *places, uint32_t at, uint64_t bytes,
		     bool is_temporary)
{
	add(&places->items[at].allocated, bytes, 1, pmt_places_scale(places, bytes));
	if (is_temporary)
		pmt_places_note_temporary(places, at, bytes);
}

void pmt_places_finish(struct pmt_places *places)
{
	for (uint32_t i = 0; i < places->count; i++)
		keep_moments(places, &places->items[i]);
}
