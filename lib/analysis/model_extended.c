/*
 * Extended records in the model: C calls, points, samples, tree nodes, losses and
 * checkpoints. Definitions were taken by the tables before.
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

/* How deep the thread was until the event. */
static uint64_t depth_before(const struct pmt_point *point)
{
	if (pmt_op_is_enter(point->op))
		return point->depth ? point->depth - 1 : 0;
	return point->depth + pmt_op_is_leave(point->op);
}

/*
 * Whose a point's changes are. A point tells who ran until the event, not the path: they
 * go right under the root. When events were left out before it, they are nobody's in
 * particular.
 */
static int function_of_point(struct pmt_model *model, struct pmt_stream_state *stream,
			     const struct pmt_point *point, uint32_t *ret_function)
{
	*ret_function = PMT_FUNCTION_OUTSIDE;
	if (stream->span_function)
		*ret_function = stream->span_function;
	else if (point->skipped_count > 0)
		*ret_function = PMT_FUNCTION_SKIPPED;
	else if (point->from_code_id != 0)
		return pmt_model_function(model, point->from_code_id, ret_function);
	else if (depth_before(point) > 0)
		*ret_function = PMT_FUNCTION_UNKNOWN;
	return 0;
}

/* The line that ran until a point; lines are not counted, most were left out. */
static int charge_point_line(struct pmt_model *model, const struct pmt_point *point,
			     uint32_t function, const struct pmt_deltas *deltas)
{
	struct pmt_line *line;

	if (point->op == PMT_OP_LINE)
		model->measured.lines = true;
	if (point->from_line == 0 || point->from_line > UINT32_MAX ||
	    function < PMT_FUNCTION_FIRST_REAL)
		return 0;
	int error =
	    pmt_lines_get(&model->lines, function, (uint32_t)point->from_line, &line);
	if (!error)
		pmt_figures_add_deltas(&line->self, deltas);
	return error;
}

static int add_point(struct pmt_model *model, struct pmt_stream_state *stream,
		     const struct pmt_event *event)
{
	const struct pmt_deltas *deltas = &event->record.deltas;
	struct pmt_point point;
	uint32_t function, node;

	if (!pmt_payload_get_point(&event->record, &point))
		return 0;
	pmt_model_count_point(model, stream, &point);
	int error = function_of_point(model, stream, &point, &function);
	if (!error)
		error = pmt_tree_child(&model->tree, stream->root_node, function, &node);
	if (!error)
		pmt_model_charge(model, stream, node, event->tick, deltas);
	if (!error)
		error = charge_point_line(model, &point, function, deltas);
	stream->has_points = true;
	stream->point_depth = point.depth;
	stream->span_function = 0;
	return error;
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

/* Brings the shadow stack to python_depth after events were lost, of which no more than
 * certain_depth calls lived through it. */
static int resync(struct pmt_model *model, struct pmt_stream_state *stream,
		  uint64_t certain_depth, uint64_t python_depth)
{
	struct pmt_shadow_frame unknown;

	if (stream->has_points || stream->is_summed)
		return 0;
	pmt_shadow_cut_to(&stream->shadow,
			  certain_depth < python_depth ? certain_depth : python_depth);
	if (stream->shadow.python_depth >= python_depth)
		return 0;
	int error = pmt_model_unknown_frame(model, stream, &unknown);
	if (error)
		return error;
	return pmt_shadow_fill_to(&stream->shadow, python_depth, unknown);
}

/* LOSS: cause, count, depth after it, and the lowest depth in it where the writer knew.
 */
static int add_loss(struct pmt_model *model, struct pmt_stream_state *stream,
		    const struct pmt_event *event)
{
	const struct pmt_record *r = &event->record;
	const uint8_t *at = r->payload;
	const uint8_t *end = at + r->payload_bytes;
	uint64_t cause, count, depth, lowest;

	if (!pmt_varint_get(&at, end, &cause) || !pmt_varint_get(&at, end, &count))
		return 0;
	pmt_model_count_loss(model, stream, event, cause, count);
	if (!pmt_loss_moves_stack(cause) || !pmt_varint_get(&at, end, &depth))
		return 0;
	stream->span_function = PMT_FUNCTION_UNKNOWN;
	if (!pmt_varint_get(&at, end, &lowest)) {
		/* At most half of them, plus what the depth fell by, were leaves. */
		uint64_t both = stream->shadow.python_depth + depth;

		lowest = both > count ? (both - count) / 2 : 0;
	}
	return resync(model, stream, lowest, depth);
}

/* CONTINUE: depth, and the lowest depth during the pause. */
static int add_continue(struct pmt_model *model, struct pmt_stream_state *stream,
			const struct pmt_record *r)
{
	const uint8_t *at = r->payload;
	const uint8_t *end = at + r->payload_bytes;
	uint64_t depth, lowest;

	stream->span_function = PMT_FUNCTION_PAUSED;
	if (!pmt_varint_get(&at, end, &depth) || !pmt_varint_get(&at, end, &lowest))
		return 0;
	return resync(model, stream, lowest, depth);
}

static bool deltas_are_behind(const struct pmt_deltas *seen,
			      const struct pmt_deltas *sums)
{
	return seen->allocated_bytes <= sums->allocated_bytes &&
	       seen->allocated_count <= sums->allocated_count &&
	       seen->freed_bytes <= sums->freed_bytes &&
	       seen->freed_count <= sums->freed_count &&
	       seen->object_bytes <= sums->object_bytes &&
	       seen->object_count <= sums->object_count;
}

/* What a stream did in the records that a gap swallowed: nobody's in particular. */
static int charge_gap(struct pmt_model *model, struct pmt_stream_state *stream,
		      const struct pmt_event *event, const struct pmt_deltas *sums)
{
	const struct pmt_deltas *seen = &stream->seen;
	struct pmt_deltas lost = {
	    .allocated_bytes = sums->allocated_bytes - seen->allocated_bytes,
	    .allocated_count = sums->allocated_count - seen->allocated_count,
	    .freed_bytes = sums->freed_bytes - seen->freed_bytes,
	    .freed_count = sums->freed_count - seen->freed_count,
	    .object_bytes = sums->object_bytes - seen->object_bytes,
	    .object_count = sums->object_count - seen->object_count,
	    .rss_pages = (int64_t)((uint64_t)sums->rss_pages - (uint64_t)seen->rss_pages),
	    .mapped_bytes =
		(int64_t)((uint64_t)sums->mapped_bytes - (uint64_t)seen->mapped_bytes),
	    .file_mapped_bytes = (int64_t)((uint64_t)sums->file_mapped_bytes -
					   (uint64_t)seen->file_mapped_bytes),
	};
	uint32_t node;

	if (!deltas_are_behind(seen, sums))
		return 0;
	int error =
	    pmt_tree_child(&model->tree, stream->root_node, PMT_FUNCTION_UNKNOWN, &node);
	if (!error)
		pmt_model_charge(model, stream, node, event->tick, &lost);
	return error;
}

static int add_checkpoint(struct pmt_model *model, struct pmt_stream_state *stream,
			  const struct pmt_event *event)
{
	struct pmt_checkpoint point;
	struct pmt_shadow_frame unknown = {.function = PMT_FUNCTION_UNKNOWN};

	if (!pmt_payload_get_checkpoint(&event->record, &point))
		return 0;
	pmt_gaps_end(model, stream, &point);
	if (stream->is_summed) /* its depth is the tree's */
		return stream->is_depth_unknown
			   ? charge_gap(model, stream, event, &point.sums)
			   : 0;
	if (!stream->is_depth_unknown)
		return point.depth == stream->shadow.python_depth
			   ? 0
			   : resync(model, stream, point.depth, point.depth);
	stream->is_depth_unknown = false;
	if (stream->has_points) {
		stream->span_function = 0;
		return charge_gap(model, stream, event, &point.sums);
	}
	int error = pmt_tree_child(&model->tree, stream->root_node, PMT_FUNCTION_UNKNOWN,
				   &unknown.node);
	if (!error)
		error = pmt_shadow_insert_to(&stream->shadow, point.depth, unknown);
	if (!error)
		error = charge_gap(model, stream, event, &point.sums);
	if (!error && stream->shadow.python_depth > point.depth)
		error = resync(model, stream, point.depth, point.depth);
	return error;
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

	model->counts.blocks++;
	model->counts.allocs += event->record.ext == PMT_EXT_ALLOC;
	if (!model->options.with_block_history)
		return 0;
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

static int add_block(struct pmt_model *model, struct pmt_stream_state *stream,
		     const struct pmt_event *event)
{
	int error = add_history(model, stream, event);

	if (error)
		return error;
	return event->record.ext == PMT_EXT_ALLOC
		   ? pmt_model_add_alloc(model, stream, event)
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
		return add_point(model, stream, event);
	case PMT_EXT_CHECKPOINT:
		return add_checkpoint(model, stream, event);
	case PMT_EXT_LOSS:
		return add_loss(model, stream, event);
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
		return add_continue(model, stream, record);
	default:
		return 0;
	}
}
