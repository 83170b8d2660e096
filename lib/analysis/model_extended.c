/*
 * Extended records in the model: C calls, samples, tree nodes and marks, and who takes
 * the others. Definitions were taken by the tables before.
 */
#include "analysis/model_private.h"

#include <errno.h>
#include <stdlib.h>

static bool get_u32(const struct pmt_record *r, uint32_t *ret_value)
{
	const uint8_t *at = r->payload;
	uint64_t value;

	if (!pmt_varint_get(&at, r->payload + r->payload_bytes, &value) ||
	    value > UINT32_MAX)
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

/* Of the calls that run now, that of the thread which moved last. */
static struct pmt_moment running_call(const struct pmt_model *model, uint64_t tick)
{
	struct pmt_moment now = {.tick = tick};
	uint64_t latest = 0;

	for (uint32_t i = 0; i < model->streams.count; i++) {
		const struct pmt_stream_state *stream = &model->streams.items[i];

		if (stream->shadow.depth == 0 || stream->last_tick < latest)
			continue;
		latest = stream->last_tick;
		now.node_known = true;
		now.node = stream->shadow.frames[stream->shadow.depth - 1].node;
		now.stream = stream->number;
	}
	return now;
}

static int add_sample(struct pmt_model *model, const struct pmt_record *record)
{
	struct pmt_sample sample;

	if (!pmt_payload_get_sample(record, &sample))
		return 0;
	model->counts.samples++;
	pmt_peaks_add_sample(&model->peaks, &sample, model->page_bytes,
			     running_call(model, sample.tick));
	pmt_timeline_add_sample(&model->timeline, &sample);
	pmt_block_history_see_rss(&model->block_history, (int64_t)sample.rss_bytes,
				  sample.tick);
	return model->options.with_block_history
		   ? pmt_fragmentation_add(&model->fragmentation, &sample,
					   &model->block_history.set)
		   : 0;
}

/* A thread with points of its own: what it had not said of its sums when it could not
 * any more. Numbers of threads are used again: the last one that had it. */
static struct pmt_stream_state *points_of_thread(struct pmt_model *model, uint32_t tid)
{
	struct pmt_stream_state *found = NULL;

	for (uint32_t i = 0; i < model->streams.count; i++) {
		struct pmt_stream_state *stream = &model->streams.items[i];
		const struct pmt_thread_info *thread =
		    pmt_tables_thread(model->tables, stream->number);

		if (stream->has_points && thread && thread->os_tid == tid)
			found = stream;
	}
	return found;
}

/* What a thread without Python did in its life, or the rest of one with points: no time,
 * so neither peaks nor timeline can have it. */
static int add_thread_sums(struct pmt_model *model, struct pmt_stream_state *stream,
			   const struct pmt_record *record)
{
	struct pmt_deltas sums;
	uint32_t tid, node, function = PMT_FUNCTION_NATIVE;

	if (!pmt_payload_get_thread_sums(record, &tid, &sums))
		return 0;
	struct pmt_stream_state *with_points = points_of_thread(model, tid);
	if (with_points) {
		stream = with_points;
		function = PMT_FUNCTION_SKIPPED;
	}
	int error = pmt_tree_child(&model->tree, stream->root_node, function, &node);
	if (error)
		return error;
	pmt_model_charge_node(model, node, &sums);
	pmt_figures_add_deltas(&stream->totals, &sums);
	return 0;
}

static int add_tree_node(struct pmt_model *model, const struct pmt_record *record)
{
	struct pmt_tree_node node;

	if (!pmt_payload_get_tree_node(record, &node))
		return 0;
	return pmt_tree_nodes_put(&model->tree_nodes, &node);
}

/* The calls that run now are what the tracer's tree stands on. */
static int begin_tree(struct pmt_model *model, struct pmt_stream_state *stream,
		      const struct pmt_event *event)
{
	const struct pmt_shadow *shadow = &stream->shadow;

	if (stream->is_summed)
		return 0;
	stream->open_nodes = calloc(shadow->python_depth + 1, sizeof(uint32_t));
	if (!stream->open_nodes)
		return -ENOMEM;
	for (uint32_t i = 0; i < shadow->depth; i++)
		if (!shadow->frames[i].is_c)
			stream->open_nodes[stream->open_count++] = shadow->frames[i].node;
	stream->is_summed = true;
	stream->gaps.is_count_useless = true; /* of events that are not there */
	if (model->summed_since_tick == 0)
		model->summed_since_tick = event->tick;
	if (model->counts.events > 0)
		model->summed_after_events = true;
	pmt_shadow_cut_to(&stream->shadow, 0);
	return 0;
}

void pmt_model_end(struct pmt_model *model, uint64_t tick)
{
	model->is_over = true;
	pmt_block_history_end(&model->block_history, tick);
}

int pmt_model_add_mark(struct pmt_model *model, const struct pmt_event *event)
{
	const struct pmt_record *r = &event->record;
	const uint8_t *at = r->payload;
	struct pmt_text text = {"", 0};

	if (r->payload_bytes > 0 &&
	    !pmt_payload_get_text(&at, r->payload + r->payload_bytes, &text))
		return 0;
	pmt_block_history_mark(&model->block_history, event->tick, text);
	pmt_stretch_meet(&model->stretch, r->ext, event->stream, event->tick, text);
	if (!model->is_over && pmt_stretch_is_at(&model->stretch, model->options.until))
		pmt_model_end(model, event->tick);
	struct pmt_mark mark = {
	    .tick = event->tick,
	    .stream = event->stream,
	    .ext = r->ext,
	    .rss_pages = model->peaks.rss_now_pages,
	    .heap_bytes = model->peaks.heap_now_bytes,
	};
	return pmt_marks_add(&model->marks, &mark, text);
}

static int add_history(struct pmt_model *model, const struct pmt_stream_state *stream,
		       const struct pmt_event *event)
{
	const struct pmt_peaks *peaks = &model->peaks;

	pmt_block_table_expect(&model->block_history.set.blocks, event->address);
	if (peaks->base_known)
		pmt_block_history_see_rss(
		    &model->block_history,
		    pmt_sum_wrapping(
			peaks->rss_base_bytes,
			pmt_pages_to_bytes(peaks->rss_now_pages, model->page_bytes)),
		    event->tick);
	model->block_history.allocated_count = stream->seen.allocated_count;
	return pmt_block_history_add(&model->block_history, event);
}

static int leave_c(struct pmt_model *model, struct pmt_stream_state *stream)
{
	pmt_model_count_event(model, stream);
	if (!stream->is_depth_unknown)
		pmt_shadow_pop_c(&stream->shadow);
	return 0;
}

static bool is_of_map(const struct pmt_event *event)
{
	uint8_t kind = event->record.ext == PMT_EXT_ALLOC ? event->block.alloc.kind
							  : event->block.release.kind;

	return kind >= PMT_BLOCK_MMAP && kind <= PMT_BLOCK_ARENA;
}

/* Each block is in one account: in the live set, or where nobody asks for that in one
 * that costs less. Mappings, of which parts may go, are always in the live set. */
static int add_block(struct pmt_model *model, struct pmt_stream_state *stream,
		     const struct pmt_event *event)
{
	bool is_alloc = event->record.ext == PMT_EXT_ALLOC;

	pmt_model_count_event(model, stream);
	model->counts.blocks++;
	model->counts.allocs += is_alloc;
	if (model->options.with_block_history || is_of_map(event))
		return add_history(model, stream, event);
	int error =
	    pmt_block_order_see(&model->block_history.order, event->stream, event->tick);
	if (error)
		return error;
	return is_alloc ? pmt_model_add_alloc(model, stream, event)
			: pmt_model_add_free(model, stream, event);
}

int pmt_model_add_extended(struct pmt_model *model, struct pmt_stream_state *stream,
			   const struct pmt_event *event)
{
	const struct pmt_record *record = &event->record;
	uint32_t code_id;

	switch (record->ext) {
	case PMT_EXT_C_CALL:
		pmt_model_count_event(model, stream);
		if (!get_u32(record, &code_id))
			return 0;
		return pmt_model_enter(model, stream, code_id, true);
	case PMT_EXT_C_RETURN:
	case PMT_EXT_C_RAISE:
		return leave_c(model, stream);
	case PMT_EXT_INFO:
		pmt_model_learn(model, record);
		return 0;
	case PMT_EXT_STACK:
		return pmt_model_add_stack(model, stream, record);
	case PMT_EXT_ALLOC:
	case PMT_EXT_FREE:
		return add_block(model, stream, event);
	case PMT_EXT_POINT:
		return pmt_model_add_point(model, stream, event);
	case PMT_EXT_CHECKPOINT:
		return pmt_model_add_checkpoint(model, stream, event);
	case PMT_EXT_LOSS:
		return pmt_model_add_loss(model, stream, event);
	case PMT_EXT_TREE_BEGIN:
		return begin_tree(model, stream, event);
	case PMT_EXT_SAMPLE:
		return add_sample(model, record);
	case PMT_EXT_THREAD_SUMS:
		return add_thread_sums(model, stream, record);
	case PMT_EXT_TREE_NODE:
		return add_tree_node(model, record);
	case PMT_EXT_TYPE:
		return pmt_types_add_definition(&model->types, record);
	case PMT_EXT_TYPE_COUNTS:
		return pmt_types_add_counts(&model->types, record, event->tick);
	case PMT_EXT_LIVE_STATE:
	case PMT_EXT_LIVE_PLACE:
		return pmt_model_add_live(model, record);
	case PMT_EXT_GC:
		pmt_collections_add(&model->collections, record, event->tick);
		return 0;
	case PMT_EXT_GC_COUNTS:
		return pmt_collections_add_counts(&model->collections, record);
	case PMT_EXT_MARK:
	case PMT_EXT_REGION_BEGIN:
	case PMT_EXT_REGION_END:
		return pmt_model_add_mark(model, event);
	case PMT_EXT_PAUSE:
		stream->pause_count++;
		return 0;
	case PMT_EXT_CONTINUE:
		return pmt_model_add_continue(model, stream, record);
	default:
		return 0;
	}
}
