/*
 * The model's hot path: one event in, its changes charged to the call that ran, then the
 * call entered or left. Budget: some 20 ns an event without changes, so that a trace of
 * 50 million events is read in a few seconds. Everything rare is in model_extended.c.
 */
#include "analysis/model.h"

#include <errno.h>
#include <string.h>

#include "analysis/model_private.h"

enum { BY_CODE_COUNT = sizeof(((struct pmt_model *)0)->by_code) / sizeof(uint32_t) };

int pmt_model_function(struct pmt_model *model, uint32_t code_id, uint32_t *ret_function)
{
	if (code_id < BY_CODE_COUNT && model->by_code[code_id]) {
		*ret_function = model->by_code[code_id] - 1;
		return 0;
	}
	int error = pmt_functions_of_code(&model->functions, code_id, model->tables,
					  ret_function);
	if (!error && code_id < BY_CODE_COUNT)
		model->by_code[code_id] = *ret_function + 1;
	return error;
}

static int make_thread_root(struct pmt_model *model, struct pmt_stream_state *stream)
{
	uint32_t function;
	int error;

	/* Named in finish, when the thread's own record was surely read. */
	error = pmt_functions_add(&model->functions, PMT_FUNCTION_THREAD, "[thread]",
				  &function);
	if (!error)
		error = pmt_tree_child(&model->tree, PMT_TREE_ROOT, function,
				       &stream->root_node);
	return error;
}

int pmt_model_stream(struct pmt_model *model, uint32_t number,
		     struct pmt_stream_state **ret_stream)
{
	uint32_t known = model->streams.count;
	int error = pmt_streams_get(&model->streams, number, ret_stream);

	if (!error && model->streams.count != known && model->options.by_thread)
		error = make_thread_root(model, *ret_stream);
	return error;
}

int pmt_model_outside_node(struct pmt_model *model, struct pmt_stream_state *stream,
			   uint32_t *ret_node)
{
	int error = 0;

	if (stream->outside_node == 0)
		error = pmt_tree_child(&model->tree, stream->root_node,
				       PMT_FUNCTION_OUTSIDE, &stream->outside_node);
	*ret_node = stream->outside_node;
	return error;
}

int pmt_model_unknown_frame(struct pmt_model *model, struct pmt_stream_state *stream,
			    struct pmt_shadow_frame *ret_frame)
{
	const struct pmt_shadow_frame *top = pmt_shadow_top(&stream->shadow);
	uint32_t above = top ? top->node : stream->root_node;
	uint32_t node = above;
	int error = 0;

	/* Unknown calls within unknown calls are one node: more would mean nothing. */
	if (!top || top->function != PMT_FUNCTION_UNKNOWN)
		error = pmt_tree_child(&model->tree, above, PMT_FUNCTION_UNKNOWN, &node);
	*ret_frame =
	    (struct pmt_shadow_frame){.node = node, .function = PMT_FUNCTION_UNKNOWN};
	return error;
}

int pmt_model_running_node(struct pmt_model *model, struct pmt_stream_state *stream,
			   uint32_t *ret_node)
{
	const struct pmt_shadow_frame *top = pmt_shadow_top(&stream->shadow);
	struct pmt_shadow_frame unknown;
	int error;

	if (stream->span_function == PMT_FUNCTION_PAUSED)
		return pmt_tree_child(&model->tree, stream->root_node,
				      PMT_FUNCTION_PAUSED, ret_node);
	if (stream->has_points && !stream->span_function)
		return pmt_tree_child(&model->tree, stream->root_node,
				      stream->point_depth ? PMT_FUNCTION_SKIPPED
							  : PMT_FUNCTION_OUTSIDE,
				      ret_node);
	if (stream->span_function || (!top && stream->is_depth_unknown)) {
		error = pmt_model_unknown_frame(model, stream, &unknown);
		*ret_node = unknown.node;
		return error;
	}
	if (top) {
		*ret_node = top->node;
		return 0;
	}
	return pmt_model_outside_node(model, stream, ret_node);
}

/* The line that changes of now belong to; a C function's are its caller's line's. */
static int charge_line(struct pmt_model *model, struct pmt_stream_state *stream,
		       const struct pmt_deltas *deltas)
{
	const struct pmt_shadow *shadow = &stream->shadow;
	uint32_t at = shadow->depth;
	struct pmt_line *line;

	while (at > 0 && shadow->frames[at - 1].is_c)
		at--;
	if (at == 0 || stream->span_function)
		return 0;
	const struct pmt_shadow_frame *frame = &shadow->frames[at - 1];
	int error = pmt_lines_get(&model->lines, frame->function, frame->line, &line);
	if (!error)
		pmt_figures_add_deltas(&line->self, deltas);
	return error;
}

static void add_sums(struct pmt_deltas *sums, const struct pmt_deltas *d)
{
	sums->allocated_bytes += d->allocated_bytes;
	sums->allocated_count += d->allocated_count;
	sums->freed_bytes += d->freed_bytes;
	sums->freed_count += d->freed_count;
	sums->object_bytes += d->object_bytes;
	sums->object_count += d->object_count;
	sums->rss_pages = pmt_sum_wrapping(sums->rss_pages, d->rss_pages);
	sums->mapped_bytes = pmt_sum_wrapping(sums->mapped_bytes, d->mapped_bytes);
	sums->file_mapped_bytes =
	    pmt_sum_wrapping(sums->file_mapped_bytes, d->file_mapped_bytes);
}

void pmt_model_charge_node(struct pmt_model *model, uint32_t node,
			   const struct pmt_deltas *deltas)
{
	struct pmt_deltas rest = *deltas;

	/* Of a sampled trace's blocks the samples speak, with all that they stand for. */
	if (model->sample_mean_bytes) {
		rest.allocated_bytes = rest.allocated_count = 0;
		rest.freed_bytes = rest.freed_count = 0;
		rest.mapped_bytes = rest.file_mapped_bytes = 0;
	}
	pmt_figures_add_deltas(&model->tree.self[node], &rest);
}

/* The second half: the stream's sums, peaks and the timeline. */
static void account(struct pmt_model *model, struct pmt_stream_state *stream,
		    uint32_t node, uint64_t tick, const struct pmt_deltas *deltas)
{
	add_sums(&stream->seen, deltas);
	int64_t heap = (int64_t)(stream->seen.allocated_bytes - stream->seen.freed_bytes);
	if (heap > stream->peak_heap_bytes)
		stream->peak_heap_bytes = heap;
	pmt_peaks_add_event(&model->peaks, deltas,
			    (struct pmt_moment){tick, true, node, stream->number});
	pmt_timeline_add_event(&model->timeline, tick, model->peaks.rss_now_pages,
			       model->peaks.heap_now_bytes);
	if (deltas->rss_pages > 0) {
		stream->record_rise_pages += (uint64_t)deltas->rss_pages;
		pmt_timeline_add_rise(&model->timeline, deltas->rss_pages, node);
	}
}

void pmt_model_charge(struct pmt_model *model, struct pmt_stream_state *stream,
		      uint32_t node, uint64_t tick, const struct pmt_deltas *deltas)
{
	pmt_model_charge_node(model, node, deltas);
	account(model, stream, node, tick, deltas);
}

/* Blocks bring their figures themselves, to the stacks that allocated them. Their records
 * stand before those with the sums that have them. */
static bool has_blocks(const struct pmt_model *model, const struct pmt_record *record)
{
	return model->counts.blocks > 0 ||
	       (record->op == PMT_OP_EXTENDED &&
		(record->ext == PMT_EXT_ALLOC || record->ext == PMT_EXT_FREE));
}

/* What of a record's changes is the running call's where there are blocks: malloc's and
 * mappings' are nobody's until a block takes them from there (blocks.h). */
static int leave_to_blocks(struct pmt_model *model, struct pmt_stream_state *stream,
			   struct pmt_deltas *deltas)
{
	struct pmt_deltas of_blocks = *deltas;
	uint32_t outside;
	int error = pmt_model_outside_node(model, stream, &outside);

	if (error)
		return error;
	of_blocks.object_bytes = of_blocks.object_count = 0;
	of_blocks.rss_pages = 0;
	pmt_model_charge_node(model, outside, &of_blocks);
	*deltas = (struct pmt_deltas){.object_bytes = deltas->object_bytes,
				      .object_count = deltas->object_count,
				      .rss_pages = deltas->rss_pages};
	return 0;
}

static int charge_record(struct pmt_model *model, struct pmt_stream_state *stream,
			 const struct pmt_event *event)
{
	struct pmt_deltas own = event->record.deltas;
	uint32_t node;
	int error = pmt_model_running_node(model, stream, &node);

	/* With no call running the two are one; in a pause or a gap there are no blocks.
	 */
	if (!error && stream->shadow.depth > 0 && !stream->span_function &&
	    has_blocks(model, &event->record))
		error = leave_to_blocks(model, stream, &own);
	if (error)
		return error;
	pmt_model_charge_node(model, node, &own);
	account(model, stream, node, event->tick, &event->record.deltas);
	/* Of a line its own events tell: blocks know that of their stack only. */
	return model->counts.lines > 0 && !stream->has_points
		   ? charge_line(model, stream, &own)
		   : 0;
}

int pmt_model_enter(struct pmt_model *model, struct pmt_stream_state *stream,
		    uint32_t code_id, bool is_c)
{
	const struct pmt_shadow_frame *top = pmt_shadow_top(&stream->shadow);
	struct pmt_shadow_frame frame = {.is_c = is_c};
	uint32_t above = top ? top->node : stream->root_node;
	int error = pmt_model_function(model, code_id, &frame.function);

	if (!error && !top && stream->is_depth_unknown)
		error = pmt_tree_child(&model->tree, above, PMT_FUNCTION_UNKNOWN, &above);
	if (!error)
		error = pmt_tree_child(&model->tree, above, frame.function, &frame.node);
	if (!error)
		error = pmt_shadow_push(&stream->shadow, frame);
	if (error)
		return error;
	model->tree.paths[frame.node].call_count++;
	stream->totals.call_count++;
	model->counts.enters++;
	if (stream->shadow.depth > stream->depth_max)
		stream->depth_max = stream->shadow.depth;
	return 0;
}

static int begin_line(struct pmt_model *model, struct pmt_stream_state *stream,
		      uint64_t number)
{
	struct pmt_shadow_frame *top = pmt_shadow_top(&stream->shadow);
	struct pmt_line *line;

	model->counts.lines++;
	model->measured.lines = true;
	if (!top || number > UINT32_MAX)
		return 0;
	top->line = (uint32_t)number;
	int error = pmt_lines_get(&model->lines, top->function, top->line, &line);
	if (!error)
		line->hit_count++;
	return error;
}

static void note_time(struct pmt_model *model, struct pmt_stream_state *stream,
		      uint64_t tick)
{
	if (tick == 0)
		return;
	if (stream->first_tick == 0)
		stream->first_tick = tick;
	stream->last_tick = tick;
	if (model->first_tick == 0) {
		model->first_tick = tick;
		pmt_timeline_move(&model->timeline, tick); /* time begins here */
	}
	if (tick > model->last_tick)
		model->last_tick = tick;
}

/* The stack is not known any more: behind a hole in the stream. */
static int add_gap(struct pmt_model *model, struct pmt_stream_state *stream,
		   const struct pmt_event *event)
{
	pmt_gaps_begin(model, stream, event);
	note_time(model, stream, event->tick);
	model->gap_count++;
	model->gap_bytes += event->gap_bytes;
	model->last_loss_tick = event->tick;
	if (model->first_loss_tick == 0)
		model->first_loss_tick = event->tick;
	stream->gap_count++;
	stream->gap_bytes += event->gap_bytes;
	pmt_shadow_cut_to(&stream->shadow, 0);
	stream->is_depth_unknown = true;
	stream->span_function = PMT_FUNCTION_UNKNOWN;
	return 0;
}

static int move(struct pmt_model *model, struct pmt_stream_state *stream,
		const struct pmt_record *record)
{
	stream->event_count++;
	model->counts.events++;
	if (pmt_op_is_enter(record->op))
		return pmt_model_enter(model, stream, record->code_id, false);
	if (record->op == PMT_OP_LINE)
		return begin_line(model, stream, record->line);
	if (stream->shadow.depth > 0 || !stream->is_depth_unknown)
		pmt_shadow_pop_python(&stream->shadow);
	return 0;
}

int pmt_model_add_event(struct pmt_model *model, const struct pmt_event *event)
{
	const struct pmt_record *record = &event->record;
	struct pmt_stream_state *stream;
	int error = pmt_model_stream(model, event->stream, &stream);

	if (error)
		return error;
	if (event->kind == PMT_EVENT_GAP)
		return add_gap(model, stream, event);
	note_time(model, stream, event->tick);
	model->flags_seen |= record->flags;
	if (model->options.counts_only || model->is_over)
		return pmt_model_count(model, stream, event);
	if (record->op == PMT_OP_EXTENDED && record->ext == PMT_EXT_POINT)
		return pmt_model_add_extended(model, stream, event);
	if (record->flags & ~PMT_FLAG_TIME) {
		error = charge_record(model, stream, event);
		if (error)
			return error;
		stream->span_function = 0;
	}
	if (record->op == PMT_OP_EXTENDED)
		return pmt_model_add_extended(model, stream, event);
	stream->span_function = 0;
	return move(model, stream, record);
}
