/*
 * trace_facts TRACE: what a trace holds, as JSON, straight from the reader, for tests
 * that must not depend on how a report view presents it. Per stream the calls of each
 * function: entered, left (returned, yielded or unwound), and still open at the end.
 *
 * Exit status 0; 3 when there is nothing to read (the reason on stderr).
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/cursor.h"
#include "reader/tables.h"
#include "reader/trace.h"

enum { DEPTH_MAX = 1 << 22 };

static const char *const ring_states[] = {
    "unnamed", "private",  "gone",    "foreign", "bad",
    "closed",  "salvaged", "running", "ignored",
};
static const char *const losses[PMT_LOSS_COUNT + 1] = {
    "ring_full", "reentered",   "no_ring",     "unwritable", "no_name",    "tree_full",
    "detached",  "not_written", "blocks_full", "block_busy", "places_full"};
static const char *const ends[] = {"none", "exit", "quick_exit", "exec", "signal"};

static void set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		abort();
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static void add_one(json_t *object, const char *key)
{
	set(object, key,
	    json_integer(json_integer_value(json_object_get(object, key)) + 1));
}

/* Bytes that are no UTF-8 (surrogateescape) or hold NULs become U+FFFD and spaces. */
static json_t *text(const char *bytes, size_t size)
{
	char *copy = malloc(size + 1);
	json_t *made;

	if (!copy)
		abort();
	for (size_t i = 0; i < size; i++)
		copy[i] = bytes[i] ? bytes[i] : ' ';
	copy[size] = '\0';
	made = json_string(copy);
	if (!made) {
		for (size_t i = 0; i < size; i++)
			if (copy[i] & 0x80)
				copy[i] = '?';
		made = json_string(copy);
	}
	free(copy);
	return made;
}

/* One pass over a stream: who entered and left. */
struct pass {
	struct pmt_tables *tables;
	uint32_t *stack; /* function ids */
	uint64_t depth;
	uint64_t deepest;
	uint64_t gaps;
	uint64_t events;
	int64_t rss_pages;
	uint64_t stray_leaves; /* without a call that is known to be open */
	json_t *entered;
	json_t *left;
	json_t *ops;
	json_t *marks;
};

static const char *name_of(const struct pass *pass, uint32_t id)
{
	const struct pmt_code *code = pmt_tables_code(pass->tables, id);

	return code ? code->name : "?";
}

static void take_record(struct pass *pass, const struct pmt_record *r)
{
	static const char *const names[] = {"start", "return", "resume", "yield",
					    "throw", "unwind", "line",   "extended"};

	add_one(pass->ops, names[r->op]);
	pass->rss_pages += r->deltas.rss_pages;
	if (r->op == PMT_OP_EXTENDED && r->ext == PMT_EXT_MARK) {
		const uint8_t *p = r->payload;
		struct pmt_text mark;
		if (pmt_payload_get_text(&p, p + r->payload_bytes, &mark))
			json_array_append_new(pass->marks, text(mark.bytes, mark.size));
	}
	if (r->op != PMT_OP_EXTENDED)
		pass->events++;
	if (pmt_op_is_enter(r->op)) {
		if (pass->depth == DEPTH_MAX)
			abort();
		pass->stack[pass->depth++] = r->code_id;
		if (pass->depth > pass->deepest)
			pass->deepest = pass->depth;
		add_one(pass->entered, name_of(pass, r->code_id));
	} else if (pmt_op_is_leave(r->op)) {
		if (pass->depth)
			add_one(pass->left, name_of(pass, pass->stack[--pass->depth]));
		else
			pass->stray_leaves++;
	}
}

static json_t *stream_facts(struct pmt_trace *trace, struct pmt_tables *tables,
			    const struct pmt_stream *stream)
{
	const struct pmt_thread_info *thread = pmt_tables_thread(tables, stream->number);
	struct pmt_cursor *cursor = pmt_cursor_new(trace, stream->number, NULL);
	struct pass pass = {.tables = tables,
			    .stack = malloc(DEPTH_MAX * sizeof(uint32_t)),
			    .entered = json_object(),
			    .left = json_object(),
			    .ops = json_object(),
			    .marks = json_array()};
	json_t *facts = json_object();
	const struct pmt_event *event;

	if (!cursor || !pass.stack)
		abort();
	while ((event = pmt_cursor_next(cursor))) {
		if (event->kind == PMT_EVENT_GAP)
			pass.gaps++;
		else
			take_record(&pass, &event->record);
	}
	if (pmt_cursor_error(cursor))
		abort();
	pmt_cursor_free(cursor);
	set(facts, "number", number(stream->number));
	set(facts, "tid", number(thread ? thread->os_tid : 0));
	set(facts, "thread",
	    text(thread && thread->name ? thread->name : "",
		 thread && thread->name ? strlen(thread->name) : 0));
	set(facts, "main", json_boolean(thread && thread->is_main));
	set(facts, "gaps", number(pass.gaps));
	set(facts, "missing_bytes", number(stream->missing_bytes));
	set(facts, "ring_bytes", number(stream->ring_bytes));
	set(facts, "events", number(pass.events));
	set(facts, "depth", number(pass.depth));
	set(facts, "deepest", number(pass.deepest));
	set(facts, "stray_leaves", number(pass.stray_leaves));
	set(facts, "rss_pages", json_integer(pass.rss_pages));
	set(facts, "entered", pass.entered);
	set(facts, "left", pass.left);
	set(facts, "ops", pass.ops);
	set(facts, "marks", pass.marks);
	free(pass.stack);
	return facts;
}

static json_t *end_facts(const struct pmt_trace *trace)
{
	struct pmt_trace_end end;
	json_t *facts = json_object();

	if (!pmt_trace_end(trace, &end))
		return facts;
	set(facts, "how",
	    json_string(end.how < sizeof(ends) / sizeof(ends[0]) ? ends[end.how]
								 : "unknown"));
	set(facts, "status", json_integer(end.status));
	set(facts, "events", number(end.event_count));
	return facts;
}

static json_t *ring_facts(const struct pmt_trace *trace)
{
	const struct pmt_trace_ring *ring = pmt_trace_ring(trace);
	json_t *facts = json_object();
	json_t *lost = json_object();

	for (int i = 0; i < PMT_LOSS_COUNT; i++)
		set(lost, losses[i], number(ring->lost[i]));
	set(facts, "state", json_string(ring_states[ring->state]));
	set(facts, "path", json_string(ring->path ? ring->path : ""));
	set(facts, "bytes", number(ring->bytes));
	set(facts, "lost", lost);
	return facts;
}

static json_t *table_facts(const struct pmt_tables *tables, json_t *lost)
{
	json_t *info = json_object();

	for (size_t i = 0; i < pmt_tables_info_count(tables); i++) {
		const struct pmt_info *each = pmt_tables_info_at(tables, i);
		set(info, each->key, text(each->value, each->value_bytes));
	}
	for (unsigned i = 0; i < PMT_LOSS_COUNT; i++)
		set(lost, losses[i], number(pmt_tables_lost(tables, i)));
	return info;
}

static json_t *problem_facts(const struct pmt_trace *trace)
{
	json_t *facts = json_array();
	char line[1024];

	for (size_t i = 0;
	     i < PMT_TRACE_PROBLEMS_KEPT && i < pmt_trace_problem_count(trace); i++)
		json_array_append_new(
		    facts, json_string(pmt_problem_describe(pmt_trace_problem(trace, i),
							    line, sizeof(line))));
	return facts;
}

static json_t *trace_facts(struct pmt_trace *trace, struct pmt_tables *tables)
{
	const struct pmt_file_header *header = pmt_trace_header(trace);
	json_t *facts = json_object();
	json_t *streams = json_array();
	json_t *lost = json_object();
	char run_id[2 * PMT_RUN_ID_BYTES + 1];

	for (int i = 0; i < PMT_RUN_ID_BYTES; i++)
		snprintf(run_id + 2 * i, 3, "%02x", header->run_id[i]);
	for (size_t i = 0; i < pmt_trace_stream_count(trace); i++)
		json_array_append_new(
		    streams, stream_facts(trace, tables, pmt_trace_stream(trace, i)));
	set(facts, "run_id", json_string(run_id));
	set(facts, "pid", number(header->pid));
	set(facts, "generation", number(header->generation));
	set(facts, "runs", json_boolean(pmt_trace_process_runs(trace)));
	set(facts, "end", end_facts(trace));
	set(facts, "ring", ring_facts(trace));
	set(facts, "info", table_facts(tables, lost));
	set(facts, "lost", lost);
	set(facts, "streams", streams);
	set(facts, "problems", problem_facts(trace));
	set(facts, "missing_bytes", number(pmt_trace_missing_bytes(trace)));
	return facts;
}

int main(int argc, char **argv)
{
	struct pmt_problem problem;
	char line[1024];

	if (argc != 2) {
		fprintf(stderr, "usage: trace_facts TRACE\n");
		return 2;
	}
	struct pmt_trace *trace = pmt_trace_open(argv[1], NULL, &problem);
	if (!trace) {
		fprintf(stderr, "%s\n",
			pmt_problem_describe(&problem, line, sizeof(line)));
		return 3;
	}
	struct pmt_tables *tables = pmt_tables_new(trace);
	if (!tables || pmt_tables_scan(tables, trace) < 0)
		abort();
	json_t *facts = trace_facts(trace, tables);
	json_dumpf(facts, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(facts);
	pmt_tables_free(tables);
	pmt_trace_close(trace);
	return 0;
}
