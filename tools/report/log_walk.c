/*
 * The pass; see log_walk.h. The stacks are those of lib/analysis, so that the log
 * names the same functions as every other view.
 */
#include "report/log_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/varint.h"
#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "format/payload.h"
#include "format/payload_blocks.h"
#include "reader/clock_ends.h"
#include "reader/code_lines.h"
#include "reader/contexts.h"
#include "report/load.h"
#include "report/log_event.h"
#include "report/log_text.h"
#include "report/open.h"
#include "report/ranking.h"

/* What runs in a stream: the top frame, and the Python function under it. */
struct running {
	struct pmt_shadow_frame top;
	struct pmt_shadow_frame python;
	bool has_top;
	bool has_python;
	uint32_t depth;
};

static struct running running_in(struct pmt_log_walk *walk, uint32_t number)
{
	struct running now = {.depth = 0};
	struct pmt_stream_state *stream;

	if (pmt_streams_get(&walk->model->streams, number, &stream) != 0)
		return now;
	const struct pmt_shadow *shadow = &stream->shadow;
	uint32_t at = now.depth = shadow->depth;
	if (at == 0)
		return now;
	now.has_top = true;
	now.top = shadow->frames[at - 1];
	while (at > 0 && shadow->frames[at - 1].is_c)
		at--;
	if (at > 0) {
		now.has_python = true;
		now.python = shadow->frames[at - 1];
	}
	return now;
}

static const struct pmt_function *function_of(const struct pmt_log_walk *walk,
					      const struct pmt_shadow_frame *frame)
{
	const struct pmt_function *f = &walk->model->functions.items[frame->function];

	return f->name ? f : NULL;
}

static void set_running(struct pmt_log_walk *walk, const struct running *now)
{
	struct pmt_log_line *line = &walk->line;

	if (now->has_top) {
		line->function = function_of(walk, &now->top);
		line->line = now->top.line;
		if (line->line == 0 && line->function)
			line->line = line->function->first_line;
	}
	if (now->has_python) {
		line->python_function = function_of(walk, &now->python);
		line->python_line = now->python.line;
		if (line->python_line == 0 && line->python_function)
			line->python_line = line->python_function->first_line;
	}
}

/* A point names its function itself: there is no stack. */
static void set_point(struct pmt_log_walk *walk)
{
	struct pmt_log_line *line = &walk->line;
	struct pmt_point point;
	uint32_t function;

	if (!pmt_payload_get_point(&line->event->record, &point))
		return;
	uint32_t id = pmt_op_is_leave(point.op) && !point.code_id ? point.from_code_id
								  : point.code_id;
	line->depth = (uint32_t)point.depth;
	if (id && pmt_functions_of_code(&walk->model->functions, id, walk->model->tables,
					&function) == 0) {
		struct pmt_shadow_frame frame = {.function = function};
		line->function = function_of(walk, &frame);
		line->line = line->function ? line->function->first_line : 0;
		if (point.line)
			line->line = point.line;
		else if (pmt_op_is_leave(point.op) && point.from_line)
			line->line = point.from_line;
		line->python_function = line->function;
		line->python_line = line->line;
	}
}

/* An allocation or fault names the stack it was made on. A free knows none: then nothing
 * is said of where it happened. */
static void set_stack(struct pmt_log_walk *walk, uint32_t stack_id)
{
	const struct pmt_tables *tables = walk->analysis.tables;
	struct pmt_log_line *line = &walk->line;
	uint32_t stream = line->event->stream, function;
	const struct pmt_context *top = pmt_tables_context(tables, stream, stack_id);

	if (!top)
		return;
	const struct pmt_code *code = pmt_tables_code(tables, top->code_id);
	if (code && pmt_functions_of_code(&walk->model->functions, top->code_id,
					  walk->model->tables, &function) == 0) {
		struct pmt_shadow_frame frame = {.function = function};
		line->function = function_of(walk, &frame);
		line->line = pmt_code_line(code, top->code_offset);
		line->python_function = line->function;
		line->python_line = line->line;
	}
	line->depth = 0;
	for (; top; top = pmt_tables_context(tables, stream, top->parent_id))
		line->depth++;
}

static void set_block(struct pmt_log_walk *walk)
{
	const struct pmt_event_block *block = &walk->line.event->block;
	const struct pmt_record *r = &walk->line.event->record;
	struct pmt_fault fault;

	if (r->ext == PMT_EXT_ALLOC && block->is_readable)
		set_stack(walk, block->alloc.stack_id);
	else if (r->ext == PMT_EXT_FAULT && pmt_payload_get_fault(r, &fault))
		set_stack(walk, fault.stack_id);
}

static void set_rss(struct pmt_log_walk *walk)
{
	struct pmt_log_line *line = &walk->line;
	uint32_t page_bytes = walk->model->page_bytes;

	line->rss_known = walk->scout.is_rss_measured;
	line->rss_bytes = pmt_sum_wrapping(
	    walk->scout.rss_base_bytes,
	    pmt_pages_to_bytes(walk->model->peaks.rss_now_pages, page_bytes));
	line->rss_change_bytes =
	    pmt_pages_to_bytes(line->event->record.deltas.rss_pages, page_bytes);
}

/* Of a size that a signed number may not have when its sign is turned. */
static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* A collection says how long it took. */
static bool set_collection(struct pmt_log_walk *walk)
{
	struct pmt_log_line *line = &walk->line;
	const struct pmt_event *event = line->event;
	struct pmt_gc_event gc;

	if (event->kind == PMT_EVENT_GAP || event->record.op != PMT_OP_EXTENDED ||
	    event->record.ext != PMT_EXT_GC || !pmt_payload_get_gc(&event->record, &gc))
		return false;
	line->duration_ns = pmt_analysis_duration_ns(&walk->analysis, gc.ticks);
	line->text =
	    pmt_log_text_gc(&gc, line->duration_ns, walk->text, sizeof(walk->text));
	return true;
}

/* Takes the event into the model and makes its line; false when it is not shown. */
static bool take(struct pmt_log_walk *walk, const struct pmt_event *event)
{
	struct pmt_log_line *line = &walk->line;
	struct running before = running_in(walk, event->stream);

	walk->no_memory =
	    pmt_log_scout_follow(&walk->scout, walk->event_count++, event->tick) != 0 ||
	    pmt_model_add_event(walk->model, event) != 0;
	const struct pmt_thread_info *thread =
	    pmt_tables_thread(walk->analysis.tables, event->stream);
	*line = (struct pmt_log_line){.event = event};
	line->what = pmt_log_event_word(event, &line->is_call);
	line->thread = event->stream == 0 ? "process" : thread ? thread->name : "";
	line->time_ns = pmt_analysis_since_start_ns(&walk->analysis, event->tick);
	if (walk->no_memory || !line->what)
		return false;
	struct running after = running_in(walk, event->stream);
	line->depth = after.depth;
	set_running(walk, pmt_log_event_leaves(event) ? &before : &after);
	if (pmt_log_event_is_point(event))
		set_point(walk);
	else if (event->record.op == PMT_OP_EXTENDED)
		set_block(walk);
	set_rss(walk);
	if (set_collection(walk))
		return true;
	line->text = line->is_call
			 ? ""
			 : pmt_log_text_words(event, walk->text, sizeof(walk->text));
	return true;
}

static bool is_wanted(struct pmt_log_walk *walk)
{
	const struct pmt_report_request *request = walk->request;
	const struct pmt_log_line *line = &walk->line;

	if (request->thread) {
		if (!pmt_model_is_thread(walk->model, line->event->stream,
					 request->thread))
			return false;
		walk->thread_seen = true;
	}
	/* The original's logs have a trigger of their own, with the event before. */
	if (request->trigger_bytes >= 0 && request->format != PMT_REPORT_ORIGINAL_LOG &&
	    magnitude(line->rss_change_bytes) < (uint64_t)request->trigger_bytes)
		return false;
	if (!request->filter)
		return true;
	return line->function && pmt_ranking_matches(line->function, request->filter);
}

const struct pmt_log_line *pmt_log_walk_next(struct pmt_log_walk *walk)
{
	const struct pmt_event *event;

	while (!walk->no_memory && (event = pmt_cursor_next(walk->cursor)))
		if (take(walk, event) && is_wanted(walk))
			return &walk->line;
	return NULL;
}

static int begin_pass(struct pmt_log_walk *walk, struct pmt_trace *trace)
{
	const struct pmt_file_header *header = pmt_trace_header(trace);
	struct pmt_analysis *a = &walk->analysis;

	a->tables = pmt_tables_new(trace);
	a->model = walk->model = calloc(1, sizeof(*walk->model));
	if (!a->tables || !a->model || pmt_clock_from_ends(trace, &a->clock) != 0 ||
	    pmt_model_init(walk->model, a->tables, header->page_bytes,
			   header->ticks_per_second, NULL) != 0 ||
	    pmt_log_scout_open(&walk->scout, trace, a->tables) != 0)
		return -ENOMEM;
	walk->model->measured.lines = walk->scout.has_lines;
	walk->cursor = pmt_cursor_new_merged(trace, NULL);
	return walk->cursor ? 0 : -ENOMEM;
}

int pmt_log_walk_begin(struct pmt_log_walk *walk,
		       const struct pmt_report_request *request,
		       struct pmt_progress *progress)
{
	*walk = (struct pmt_log_walk){.request = request, .progress = progress};
	/* A bar among the lines of a terminal would only be in the way. */
	pmt_progress_begin(progress, "writing the log");
	struct pmt_trace *trace = pmt_report_open(request, progress);
	if (!trace) {
		pmt_progress_end(progress);
		return PMT_EXIT_UNREADABLE;
	}
	walk->analysis.trace = trace;
	if (isatty(fileno(request->out)))
		pmt_trace_set_progress(trace, NULL, NULL);
	if (begin_pass(walk, trace) == 0)
		return PMT_EXIT_OK;
	walk->no_memory = true;
	return pmt_log_walk_end(walk);
}

/* With --limit the verdict of --strict is still about the whole trace. */
static void read_the_rest(struct pmt_log_walk *walk)
{
	const struct pmt_event *event;

	while (!walk->no_memory && (event = pmt_cursor_next(walk->cursor)))
		take(walk, event);
}

static int judge(struct pmt_log_walk *walk)
{
	const struct pmt_report_request *request = walk->request;
	struct pmt_analysis *a = &walk->analysis;

	if (request->thread && !walk->thread_seen) {
		pmt_message_error("--thread=%s: no such thread; 'pymemtrace-report "
				  "threads' lists them",
				  request->thread);
		return PMT_EXIT_USAGE;
	}
	if (request->strict)
		read_the_rest(walk);
	if (walk->no_memory)
		return PMT_EXIT_UNREADABLE;
	a->losses = pmt_losses_of(a->trace, a->tables, a->model);
	return pmt_report_verdict(request, &a->losses);
}

int pmt_log_walk_end(struct pmt_log_walk *walk)
{
	int code = PMT_EXIT_OK;

	if (!walk->no_memory && !pmt_cursor_error(walk->cursor))
		code = judge(walk);
	pmt_progress_end(walk->progress);
	if (walk->no_memory || (walk->cursor && pmt_cursor_error(walk->cursor))) {
		pmt_message_error("not enough memory for the stacks of this trace");
		code = PMT_EXIT_UNREADABLE;
	}
	pmt_report_say_problems(walk->analysis.trace);
	pmt_cursor_free(walk->cursor);
	pmt_log_scout_close(&walk->scout);
	pmt_analysis_close(&walk->analysis);
	return code;
}
