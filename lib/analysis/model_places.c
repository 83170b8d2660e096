/*
 * What places of blocks say of calls: each is charged to its calling context and its
 * line, once, when the trace was read. They are those of the live set, or of what the
 * process summed itself (detail=live).
 *
 * The threads' sums have the same bytes, and are [outside Python]'s until a place takes
 * them from there. What the places do not have stays: blocks from before the trace, lost
 * records, and what was freed behind the moment that the places are about.
 */
#include "analysis/model_private.h"

static struct pmt_figures figures_of(const struct pmt_place *place)
{
	struct pmt_figures f = {.sample_count = place->allocated.sample_count};
	struct pmt_held made = place->allocated, live = place->live;

	if (place->kind == PMT_PLACE_FILE) {
		f.file_mapped_bytes = (int64_t)live.bytes;
	} else if (pmt_place_is_map(place->kind)) {
		f.mapped_bytes = (int64_t)live.bytes;
	} else if (pmt_place_is_domain(place->kind)) {
		f.object_bytes = made.bytes;
		f.object_count = made.count;
		f.allocated_bytes = place->beneath.allocated_bytes;
		f.allocated_count = place->beneath.allocated_count;
		f.freed_bytes = place->beneath.freed_bytes;
		f.freed_count = place->beneath.freed_count;
	} else {
		f.allocated_bytes = f.freed_bytes = made.bytes;
		f.allocated_count = f.freed_count = made.count;
		f.allocated_bytes_part = f.freed_bytes_part = made.bytes_part;
		f.allocated_count_part = f.freed_count_part = made.count_part;
		pmt_share_remove(&f.freed_bytes, &f.freed_bytes_part,
				 (struct pmt_share){live.bytes, live.bytes_part});
		pmt_share_remove(&f.freed_count, &f.freed_count_part,
				 (struct pmt_share){live.count, live.count_part});
	}
	return f;
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
		    struct pmt_figures *wanted)
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
	take(&rest->object_bytes, &wanted->object_bytes);
	take(&rest->object_count, &wanted->object_count);
	rest->mapped_bytes = pmt_sum_wrapping(rest->mapped_bytes, -wanted->mapped_bytes);
	rest->file_mapped_bytes =
	    pmt_sum_wrapping(rest->file_mapped_bytes, -wanted->file_mapped_bytes);
	wanted->mapped_bytes = wanted->file_mapped_bytes = 0;
	return 0;
}

/* *ret_unsaid: what of it the thread's own sums have not. */
static int charge_place(struct pmt_model *model, const struct pmt_place *place,
			struct pmt_figures *ret_unsaid)
{
	const struct pmt_figures figures = figures_of(place);
	uint32_t found = pmt_blocks_find(&model->blocks, place->stream, place->context);
	struct pmt_stream_state *stream;
	uint32_t node;
	int error = pmt_model_stream(model, place->stream, &stream);

	*ret_unsaid = figures;
	if (!error)
		error = pmt_model_outside_node(model, stream, &node);
	/* Of a sampled trace's blocks the sums have nothing. */
	if (!error && model->sample_mean_bytes == 0)
		error = take_out(model, stream, ret_unsaid);
	if (!error && found != PMT_MAP_NONE) {
		const struct pmt_block_context *context = &model->blocks.contexts[found];

		node = context->node;
		error = pmt_model_charge_line(model, context, &figures);
	}
	if (!error)
		pmt_figures_add(&model->tree.self[node], &figures);
	return error;
}

/* What other threads freed stands in their sums. */
static int take_owed(struct pmt_model *model, struct pmt_figures *owed)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < model->streams.count; i++)
		if (model->streams.items[i].outside_node) /* else it has nothing */
			error = take_out(model, &model->streams.items[i], owed);
	return error;
}

static void owe_frees(struct pmt_figures *owed, const struct pmt_figures *unsaid)
{
	owed->freed_bytes += unsaid->freed_bytes;
	owed->freed_count += unsaid->freed_count;
}

/* What a thread freed of another's mappings is that one's, as with all other blocks. */
static int settle_others(struct pmt_model *model, const struct pmt_place *place)
{
	struct pmt_figures moved = {0};
	struct pmt_stream_state *stream;

	if (place->freed_by_others_bytes == 0)
		return 0;
	if (place->kind == PMT_PLACE_FILE)
		moved.file_mapped_bytes = place->freed_by_others_bytes;
	else
		moved.mapped_bytes = place->freed_by_others_bytes;
	int error = pmt_model_stream(model, place->stream, &stream);
	return error ? error : take_out(model, stream, &moved);
}

/* Blocks without a context are where they were: what the sums have of them is nobody's.
 */
static bool is_charged(const struct pmt_model *model, const struct pmt_place *place)
{
	return place->allocated.sample_count > 0 &&
	       (model->sample_mean_bytes > 0 ||
		pmt_blocks_find(&model->blocks, place->stream, place->context) !=
		    PMT_MAP_NONE);
}

int pmt_model_charge_history(struct pmt_model *model)
{
	const struct pmt_places *places = &model->block_history.set.places;
	bool is_sampled = model->sample_mean_bytes > 0;
	struct pmt_figures owed = {0}, unsaid;
	int error = 0;

	if (model->block_history.is_summed) /* then these are the same */
		return 0;
	for (uint32_t i = 0; !error && i < places->count; i++) {
		if (is_charged(model, &places->items[i])) {
			error = charge_place(model, &places->items[i], &unsaid);
			owe_frees(&owed, &unsaid);
		}
		if (!error && !is_sampled) /* whose sums have them */
			error = settle_others(model, &places->items[i]);
	}
	if (is_sampled)
		return error;
	return error ? error : take_owed(model, &owed);
}

/* After a kill the sums are behind the places, which are then what is known. */
int pmt_model_charge_live_sums(struct pmt_model *model)
{
	const struct pmt_places *places = &model->live.places;
	struct pmt_figures owed = {0}, unsaid;
	int error = 0;

	if (model->options.counts_only || places->count == 0)
		return 0;
	for (uint32_t i = 0; !error && i < places->count; i++) {
		struct pmt_stream_state *stream;

		error = charge_place(model, &places->items[i], &unsaid);
		if (!error)
			error = pmt_model_stream(model, places->items[i].stream, &stream);
		if (error)
			break;
		stream->seen.allocated_bytes += unsaid.allocated_bytes;
		stream->seen.allocated_count += unsaid.allocated_count;
		owe_frees(&owed, &unsaid);
	}
	if (!error)
		error = take_owed(model, &owed);
	if (!error && model->streams.count) {
		model->streams.items[0].seen.freed_bytes += owed.freed_bytes;
		model->streams.items[0].seen.freed_count += owed.freed_count;
	}
	return error;
}
