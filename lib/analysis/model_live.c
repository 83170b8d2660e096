/*
 * What is live as the process summed it (detail=live): the last record of each place,
 * charged to its calling context once the trace was read.
 *
 * The threads' sums have the same bytes, and ride on the few records that there are;
 * after a kill they are behind the places, which are then what is known.
 */
#include <errno.h>

#include "analysis/model_private.h"
#include "format/payload_live.h"

static int add_place(struct pmt_model *model, const struct pmt_live_place *record)
{
	struct pmt_places *places = &model->live.places;
	enum pmt_place_kind kind;
	uint32_t at;

	/* More live than allocated: a forged file's. */
	if (!pmt_block_place_kind(record->kind, &kind) || pmt_place_is_domain(kind) ||
	    record->live.bytes > record->allocated.bytes ||
	    record->live.count > record->allocated.count)
		return 0;
	int error =
	    pmt_places_get(places, record->stream, record->stack_id, kind, 0, &at);
	if (error)
		return error;
	places->items[at].allocated = (struct pmt_held){.bytes = record->allocated.bytes,
							.count = record->allocated.count};
	places->items[at].live =
	    (struct pmt_held){.bytes = record->live.bytes, .count = record->live.count};
	return model->options.with_block_history
		   ? pmt_block_history_put_live(&model->block_history, record)
		   : 0;
}

int pmt_model_add_live(struct pmt_model *model, const struct pmt_record *record)
{
	struct pmt_live_place place;
	struct pmt_live_state state;

	if (record->ext == PMT_EXT_LIVE_PLACE)
		return pmt_payload_get_live_place(record, &place)
			   ? add_place(model, &place)
			   : 0;
	if (!pmt_payload_get_live_state(record, &state))
		return 0;
	model->live.state_count++;
	model->live.state = state;
	model->peaks.summed_heap = (struct pmt_peak){
	    .source = state.peak_tick ? PMT_PEAK_EVENT : PMT_PEAK_NONE,
	    .bytes = (int64_t)(state.peak_bytes & INT64_MAX),
	    .from_tick = state.peak_tick,
	    .at = {.tick = state.peak_tick},
	    .reached = {.tick = state.peak_tick},
	    .reached_bytes = (int64_t)(state.peak_bytes & INT64_MAX),
	};
	if (model->options.with_block_history)
		pmt_block_history_put_state(&model->block_history, &state);
	return 0;
}

/* Moves up to *wanted out of *from; leaves in *wanted what was not there. */
static void take(uint64_t *from, uint64_t *wanted)
{
	uint64_t taken = *from < *wanted ? *from : *wanted;

	*from -= taken;
	*wanted -= taken;
}

/* Out of what is nobody's in a stream. */
static int take_out(struct pmt_model *model, struct pmt_stream_state *stream,
		    struct pmt_deltas *wanted)
{
	uint32_t outside;
	int error = pmt_model_outside_node(model, stream, &outside);

	if (error)
		return error;
	struct pmt_figures *rest = &model->tree.self[outside];
	take(&rest->allocated_bytes, &wanted->allocated_bytes);
	take(&rest->allocated_count, &wanted->allocated_count);
	take(&rest->freed_bytes, &wanted->freed_bytes);
	take(&rest->freed_count, &wanted->freed_count);
	rest->mapped_bytes = pmt_sum_wrapping(rest->mapped_bytes, -wanted->mapped_bytes);
	rest->file_mapped_bytes =
	    pmt_sum_wrapping(rest->file_mapped_bytes, -wanted->file_mapped_bytes);
	return 0;
}

static struct pmt_deltas deltas_of(const struct pmt_place *place)
{
	struct pmt_deltas d = {0};

	if (place->kind == PMT_PLACE_FILE) {
		d.file_mapped_bytes = (int64_t)place->live.bytes;
	} else if (place->kind != PMT_PLACE_MALLOC) {
		d.mapped_bytes = (int64_t)place->live.bytes;
	} else {
		d.allocated_bytes = place->allocated.bytes;
		d.allocated_count = place->allocated.count;
		d.freed_bytes = place->allocated.bytes - place->live.bytes;
		d.freed_count = place->allocated.count - place->live.count;
	}
	return d;
}

/* Adds to *owed what the thread's own records have not said to be freed: other threads
 * did that, or it was not said any more. */
static int charge_place(struct pmt_model *model, const struct pmt_place *place,
			struct pmt_deltas *owed)
{
	const struct pmt_deltas deltas = deltas_of(place);
	struct pmt_deltas unsaid = deltas;
	struct pmt_figures figures = {0};
	struct pmt_stream_state *stream;
	uint32_t node, found;
	int error = pmt_model_stream(model, place->stream, &stream);

	if (!error)
		error = pmt_model_outside_node(model, stream, &node);
	if (!error)
		error = take_out(model, stream, &unsaid);
	if (error)
		return error;
	stream->seen.allocated_bytes += unsaid.allocated_bytes;
	stream->seen.allocated_count += unsaid.allocated_count;
	owed->freed_bytes += unsaid.freed_bytes;
	owed->freed_count += unsaid.freed_count;
	found = pmt_blocks_find(&model->blocks, place->stream, place->context);
	pmt_figures_add_deltas(&figures, &deltas);
	if (found != PMT_MAP_NONE) {
		const struct pmt_block_context *context = &model->blocks.contexts[found];

		node = context->node;
		error = pmt_model_charge_line(model, context, &figures);
	}
	pmt_figures_add(&model->tree.self[node], &figures);
	return error;
}

int pmt_model_finish_live(struct pmt_model *model)
{
	const struct pmt_places *places = &model->live.places;
	struct pmt_deltas owed = {0};
	int error = 0;

	if (model->options.counts_only)
		return 0;
	for (uint32_t i = 0; !error && i < places->count; i++)
		error = charge_place(model, &places->items[i], &owed);
	for (uint32_t i = 0; !error && places->count && i < model->streams.count; i++)
		error = take_out(model, &model->streams.items[i], &owed);
	if (!error && places->count && model->streams.count) {
		model->streams.items[0].seen.freed_bytes += owed.freed_bytes;
		model->streams.items[0].seen.freed_count += owed.freed_count;
	}
	return error;
}
