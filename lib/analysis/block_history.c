/* From records to operations. */
#include "analysis/block_history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void pmt_block_history_init(struct pmt_block_history *blocks,
			    const struct pmt_block_history_options *options,
			    uint64_t ticks_per_second)
{
	*blocks = (struct pmt_block_history){.has_from = true};
	if (options)
		blocks->options = *options;
	blocks->has_from = !blocks->options.from_mark;
	blocks->set.temporary_within = blocks->options.temporary_within
					   ? blocks->options.temporary_within
					   : PMT_TEMPORARY_WITHIN;
	pmt_block_order_init(&blocks->order, &blocks->set, blocks->options.is_alone,
			     ticks_per_second);
}

void pmt_block_history_close(struct pmt_block_history *blocks)
{
	pmt_block_order_close(&blocks->order);
	pmt_live_set_close(&blocks->set);
	free(blocks->ordinals);
	pmt_stream_index_close(&blocks->streams);
	*blocks = (struct pmt_block_history){0};
}

static int ordinal_of(struct pmt_block_history *blocks, uint32_t stream,
		      uint32_t **ret_ordinal)
{
	uint32_t at;
	int error = pmt_stream_index_get(&blocks->streams, stream, &at);

	if (!error && at == blocks->stream_count) {
		uint32_t *ordinals =
		    reallocarray(blocks->ordinals, at + 1, sizeof(*ordinals));

		if (!ordinals)
			return -ENOMEM;
		ordinals[at] = 0;
		blocks->ordinals = ordinals;
		blocks->stream_count++;
	}
	if (!error)
		*ret_ordinal = &blocks->ordinals[at];
	return error;
}

bool pmt_block_place_kind(uint8_t kind, enum pmt_place_kind *ret_kind)
{
	switch (kind) {
	case PMT_BLOCK_MALLOC:
	case PMT_BLOCK_REALLOC:
	case PMT_BLOCK_ALIGNED:
		*ret_kind = PMT_PLACE_MALLOC;
		return true;
	case PMT_BLOCK_MMAP:
		*ret_kind = PMT_PLACE_MAPPED;
		return true;
	case PMT_BLOCK_FILE:
		*ret_kind = PMT_PLACE_FILE;
		return true;
	case PMT_BLOCK_RESERVED:
		*ret_kind = PMT_PLACE_RESERVED;
		return true;
	case PMT_BLOCK_SHARED:
		*ret_kind = PMT_PLACE_SHARED;
		return true;
	case PMT_BLOCK_ARENA:
		*ret_kind = PMT_PLACE_ARENA;
		return true;
	case PMT_BLOCK_RAW:
		*ret_kind = PMT_PLACE_RAW;
		return true;
	case PMT_BLOCK_MEM:
		*ret_kind = PMT_PLACE_MEM;
		return true;
	case PMT_BLOCK_OBJECT:
		*ret_kind = PMT_PLACE_OBJECT;
		return true;
	default:
		return false;
	}
}

/* False: it is of no use. */
static bool read_alloc(const struct pmt_event *event, struct pmt_block_op *op,
		       enum pmt_place_kind *ret_kind)
{
	const struct pmt_block_alloc *alloc = &event->block.alloc;

	if (!event->block.is_readable || !pmt_block_place_kind(alloc->kind, ret_kind))
		return false;
	/* Of an object what Python asked for, wherever it lies: as tracemalloc has it. */
	op->bytes = alloc->usable_bytes && !pmt_place_is_domain(*ret_kind)
			? alloc->usable_bytes
			: alloc->requested_bytes;
	op->beneath_bytes = pmt_place_is_domain(*ret_kind) ? alloc->usable_bytes : 0;
	op->is_map = pmt_place_is_map(*ret_kind);
	op->is_in_turn = pmt_place_is_domain(*ret_kind);
	return true;
}

static bool read_free(const struct pmt_event *event, struct pmt_block_op *op)
{
	enum pmt_place_kind kind;

	if (!event->block.is_readable ||
	    !pmt_block_place_kind(event->block.release.kind, &kind))
		return false;
	op->bytes = event->block.release.bytes;
	op->is_free = true;
	op->is_map = pmt_place_is_map(kind);
	op->is_in_turn = pmt_place_is_domain(kind);
	return true;
}

/* Nothing is taken any more at tick; events come in the order of time. */
static bool is_behind_end(struct pmt_block_history *blocks, uint64_t tick)
{
	uint64_t to_tick = blocks->options.to_tick;

	if (to_tick && tick > to_tick)
		blocks->has_to = true;
	return blocks->has_to;
}

int pmt_block_history_add(struct pmt_block_history *blocks, const struct pmt_event *event)
{
	bool is_alloc = event->record.ext == PMT_EXT_ALLOC;
	struct pmt_block_op op = {
	    .address = event->address,
	    .tick = event->tick,
	    .stream = event->stream,
	};
	enum pmt_place_kind kind = PMT_PLACE_MALLOC;
	uint32_t *ordinal;
	int error;

	if (is_behind_end(blocks, event->tick) ||
	    !(is_alloc ? read_alloc(event, &op, &kind) : read_free(event, &op)))
		return 0;
	blocks->record_count++;
	if (event->address == 0) {
		blocks->unplaced_count++;
		return 0;
	}
	error = ordinal_of(blocks, event->stream, &ordinal);
	if (!error && is_alloc)
		error = pmt_places_get(
		    &blocks->set.places, event->stream, event->block.alloc.stack_id, kind,
		    blocks->options.by_size
			? pmt_size_class(event->block.alloc.requested_bytes)
			: 0,
		    &op.place);
	if (error)
		return error;
	if (is_alloc)
		pmt_places_ask(&blocks->set.places, op.place,
			       event->block.alloc.requested_bytes, op.bytes);
	if (blocks->set.places.sample_mean_bytes)
		*ordinal = (uint32_t)blocks->allocated_count;
	else
		*ordinal += is_alloc;
	op.ordinal = *ordinal;
	return pmt_block_order_add(&blocks->order, &op);
}

static struct pmt_held held_of(struct pmt_live_sum sum)
{
	return (struct pmt_held){.bytes = sum.bytes, .count = sum.count};
}

int pmt_block_history_put_live(struct pmt_block_history *blocks,
			       const struct pmt_live_place *record)
{
	struct pmt_places *places = &blocks->set.places;
	enum pmt_place_kind kind;
	uint32_t at;

	blocks->is_summed = true;
	if (blocks->has_to || !pmt_block_place_kind(record->kind, &kind))
		return 0;
	blocks->record_count++;
	int error =
	    pmt_places_get(places, record->stream, record->stack_id, kind, 0, &at);
	if (error)
		return error;
	struct pmt_place *place = &places->items[at];
	if (pmt_place_is_heap(place)) {
		struct pmt_held *peak = &places->moments[PMT_MOMENT_HEAP].heap;

		places->heap.bytes += record->live.bytes - place->live.bytes;
		places->heap.count += record->live.count - place->live.count;
		/* The bytes are those of the state. */
		peak->count += record->at_peak.count - place->at[PMT_MOMENT_HEAP].count;
	}
	place->live = held_of(record->live);
	place->at[PMT_MOMENT_HEAP] = held_of(record->at_peak);
	place->moment_number[PMT_MOMENT_HEAP] =
	    places->moments[PMT_MOMENT_HEAP].number; /* it is final */
	place->allocated = held_of(record->allocated);
	place->temporary = held_of(record->temporary);
	return 0;
}

void pmt_block_history_put_state(struct pmt_block_history *blocks,
				 const struct pmt_live_state *state)
{
	blocks->is_summed = true;
	if (blocks->has_to)
		return;
	blocks->set.places.moments[PMT_MOMENT_HEAP].heap.bytes = state->peak_bytes;
	blocks->set.places.moments[PMT_MOMENT_HEAP].tick = state->peak_tick;
	blocks->set.unknown_free_count = state->unknown_free_count;
	blocks->set.missed_free_count = state->missed_free_count;
	blocks->set.other_thread_free_count = state->other_thread_count;
}

static bool is_mark(struct pmt_text text, const char *mark)
{
	return mark && strlen(mark) == text.size &&
	       memcmp(mark, text.bytes, text.size) == 0;
}

static const char *to_mark(const struct pmt_block_history *blocks)
{
	const char *mark = blocks->options.to_mark;

	if (blocks->options.to_tick)
		return NULL;
	if (!mark)
		return PMT_MARK_PYTHON_ENDS;
	return strcmp(mark, PMT_TO_EXIT) == 0 ? NULL : mark;
}

void pmt_block_history_mark(struct pmt_block_history *blocks, uint64_t tick,
			    struct pmt_text text)
{
	if (!blocks->has_from && is_mark(text, blocks->options.from_mark)) {
		blocks->has_from = true;
		blocks->from_tick = tick;
		blocks->first_place = blocks->set.places.count;
		pmt_places_begin_anew(&blocks->set.places, tick);
		blocks->rss_highest_bytes = 0;
	} else if (blocks->has_from && !blocks->has_to &&
		   is_mark(text, to_mark(blocks))) {
		blocks->has_to = true;
		blocks->to_tick = tick;
	}
}

void pmt_block_history_end(struct pmt_block_history *blocks, uint64_t tick)
{
	if (blocks->has_to)
		return;
	blocks->has_to = true;
	blocks->to_tick = tick;
}

void pmt_block_history_see_rss(struct pmt_block_history *blocks, int64_t rss_bytes,
			       uint64_t tick)
{
	if (rss_bytes <= blocks->rss_highest_bytes || is_behind_end(blocks, tick))
		return;
	blocks->rss_highest_bytes = rss_bytes;
	pmt_places_note(&blocks->set.places, PMT_MOMENT_RSS, tick);
}

int pmt_block_history_finish(struct pmt_block_history *blocks)
{
	if (blocks->options.to_tick)
		blocks->to_tick = blocks->options.to_tick;
	int error = blocks->has_to ? pmt_block_order_cut(&blocks->order)
				   : pmt_block_order_finish(&blocks->order);

	pmt_places_finish(&blocks->set.places);
	return error;
}
