/* Facts of one process: header, INFO records, samples and the end. */
#include "analysis/process_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/payload.h"
#include "reader/cursor.h"
#include "reader/tables.h"

/* Arguments are separated by NUL in the trace, by spaces here. */
static char *copy_command(const struct pmt_tables *tables)
{
	for (size_t i = 0; i < pmt_tables_info_count(tables); i++) {
		const struct pmt_info *info = pmt_tables_info_at(tables, i);

		if (strcmp(info->key, "argv") != 0)
			continue;
		char *command = malloc(info->value_bytes + 1);
		for (size_t at = 0; command && at < info->value_bytes; at++)
			command[at] = info->value[at] ? info->value[at] : ' ';
		if (command)
			command[info->value_bytes] = '\0';
		return command;
	}
	return NULL;
}

static char *copy_info(const struct pmt_tables *tables, const char *key)
{
	const char *value = pmt_tables_info(tables, key);

	return value ? strdup(value) : NULL;
}

static void add_sample(struct pmt_process *process, const struct pmt_record *record)
{
	struct pmt_sample sample;

	if (!pmt_payload_get_sample(record, &sample))
		return;
	process->has_samples = true;
	if (sample.rss_peak_bytes > process->peak_rss_bytes)
		process->peak_rss_bytes = sample.rss_peak_bytes;
	if (sample.rss_bytes > process->peak_rss_bytes)
		process->peak_rss_bytes = sample.rss_bytes;
	if (sample.heap_bytes > process->peak_heap_bytes)
		process->peak_heap_bytes = sample.heap_bytes;
	process->last_rss_bytes = sample.rss_bytes;
}

/* Reads stream 0 to its end; a trace without one has no facts but its header's. */
static int read_stream(struct pmt_trace *trace, struct pmt_tables *tables,
		       struct pmt_process *process, uint64_t *ret_last_tick)
{
	struct pmt_cursor *cursor;
	const struct pmt_event *event;
	uint64_t last_tick = 0;

	if (!pmt_trace_find_stream(trace, 0))
		return 0;
	cursor = pmt_cursor_new(trace, 0, tables);
	if (!cursor)
		return -ENOMEM;
	while ((event = pmt_cursor_next(cursor)) != NULL) {
		last_tick = event->tick;
		if (event->kind == PMT_EVENT_RECORD &&
		    event->record.op == PMT_OP_EXTENDED &&
		    event->record.ext == PMT_EXT_SAMPLE)
			add_sample(process, &event->record);
	}
	int error = pmt_cursor_error(cursor);
	pmt_cursor_free(cursor);
	*ret_last_tick = last_tick;
	return error;
}

/* When the trace itself has no end record, its latest chunk tells how far it came. */
static uint64_t latest_chunk_tick(const struct pmt_trace *trace)
{
	uint64_t latest = 0;

	for (size_t i = 0; i < pmt_trace_chunk_count(trace); i++) {
		if (pmt_trace_chunk(trace, i)->tick > latest)
			latest = pmt_trace_chunk(trace, i)->tick;
	}
	return latest;
}

static void take_time(struct pmt_process *process, const struct pmt_tables *tables,
		      uint64_t last_tick)
{
	struct pmt_clock clock = pmt_tables_clock(tables);

	if (!clock.known)
		return;
	process->start_known = true;
	process->start_ns = clock.realtime_ns;
	if (last_tick > clock.tick)
		process->duration_ns = (uint64_t)pmt_clock_since_ns(&clock, last_tick);
}

static int take_facts(struct pmt_trace *trace, struct pmt_tables *tables,
		      const char *path, struct pmt_process *process)
{
	const struct pmt_file_header *header = pmt_trace_header(trace);
	const char *parent;
	struct pmt_trace_end end;
	uint64_t last_tick = 0;
	int error = read_stream(trace, tables, process, &last_tick);

	if (error)
		return error;
	process->path = strdup(path);
	process->command = copy_command(tables);
	process->exe = copy_info(tables, "exe");
	process->python_version = copy_info(tables, "python_version");
	process->mode = copy_info(tables, "mode");
	process->pid = header->pid;
	process->generation = header->generation;
	parent = pmt_tables_info(tables, "parent_pid");
	process->parent_pid = parent ? (uint32_t)strtoul(parent, NULL, 10) : 0;
	process->ended = pmt_trace_end(trace, &end);
	if (process->ended) {
		process->how = end.how;
		process->status = end.status;
		process->event_count = end.event_count;
	} else {
		process->running = pmt_trace_process_runs(trace);
	}
	if (latest_chunk_tick(trace) > last_tick)
		last_tick = latest_chunk_tick(trace);
	take_time(process, tables, last_tick);
	process->damaged_count = pmt_trace_problem_count(trace);
	return process->path ? 0 : -ENOMEM;
}

int pmt_process_read(const char *path, struct pmt_process *ret_process)
{
	struct pmt_process process = {.parent = PMT_PROCESS_NONE};
	struct pmt_problem problem;
	struct pmt_trace *trace = pmt_trace_open(path, NULL, &problem);
	int error;

	if (!trace)
		return problem.kind == PMT_PROBLEM_MEMORY ? -ENOMEM : -EBADMSG;
	struct pmt_tables *tables = pmt_tables_new(trace);
	error = tables ? take_facts(trace, tables, path, &process) : -ENOMEM;
	pmt_tables_free(tables);
	pmt_trace_close(trace);
	if (error) {
		pmt_process_close(&process);
		return error;
	}
	*ret_process = process;
	return 0;
}

int pmt_process_read_header(const char *path, struct pmt_file_header *ret_header)
{
	struct pmt_problem problem;
	struct pmt_trace_options options = {.no_ring = true};
	struct pmt_trace *trace = pmt_trace_open(path, &options, &problem);

	if (!trace)
		return -EBADMSG;
	*ret_header = *pmt_trace_header(trace);
	pmt_trace_close(trace);
	return 0;
}

void pmt_process_close(struct pmt_process *process)
{
	free((char *)process->path);
	free((char *)process->command);
	free((char *)process->exe);
	free((char *)process->python_version);
	free((char *)process->mode);
	*process = (struct pmt_process){0};
}
