/* One log a thread, in the original's columns. */
#include "config.h"

#include "report/log_original.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "report/log_event.h"
#include "report/log_file.h"
#include "report/log_jump.h"
#include "report/log_walk.h"

enum {
	NAME_BYTES = 1024,  /* of a function or file: longer ones are cut */
	EVENT_BYTES = 2400, /* of a line without its first word */
};

/* The log of one stream. */
struct thread_log {
	uint32_t stream;
	struct pmt_log_file file;
	uint64_t event_count;   /* events so far: the next one's number */
	uint64_t written_event; /* number of the last one that was written */
	int64_t written_rss;
	struct pmt_log_moved moved;
	bool has_first;
	bool event_is_written;
	/* The last event. */
	uint64_t event; /* its number */
	double seconds;
	const char *word;
	char source[NAME_BYTES];
	uint64_t line;
	char name[NAME_BYTES];
	int64_t rss_bytes;
};

struct logs {
	const struct pmt_report_request *request;
	const struct pmt_analysis *analysis;
	const char *folder;
	struct pmt_log_limits limits;
	struct thread_log **items;
	size_t count;
	struct thread_log *recent; /* asked for last */
	struct pmt_log_fault fault;
};

/* A name in a column: no newline may break the line. */
static const char *column_of(const char *name, char *text)
{
	size_t i = 0;

	for (; name && name[i] && i + 1 < NAME_BYTES; i++) {
		text[i] = name[i];
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			text[i] = '?';
	}
	text[i] = '\0';
	return text;
}

static void put_start_time(const struct pmt_analysis *a, char *text, size_t size)
{
	struct tm utc;
	time_t seconds = 0;

	if (a->clock.known)
		seconds = (time_t)(pmt_clock_date_ns(&a->clock, a->model->first_tick) /
				   1000000000);
	gmtime_r(&seconds, &utc);
	strftime(text, size, "%Y%m%d_%H%M%S", &utc);
}

/* The original's name: start, ordinal, pid, thread, Profile or Trace, depth, Python. */
static char *make_path(const struct logs *logs, uint32_t stream)
{
	const struct pmt_analysis *a = logs->analysis;
	const struct pmt_thread_info *thread = pmt_tables_thread(a->tables, stream);
	const char *python = pmt_tables_info(a->tables, "python_version");
	char start[32], *path;

	put_start_time(a, start, sizeof(start));
	if (asprintf(&path, "%s/%s_%zu_%" PRIu32 "_%" PRIu32 "_%c_0_PY%.*s.log",
		     logs->folder, start, logs->count, pmt_trace_header(a->trace)->pid,
		     thread ? thread->os_tid : stream,
		     a->model->measured.lines ? 'T' : 'P',
		     python ? (int)strcspn(python, " /") : 0, python ? python : "") < 0)
		return NULL;
	return path;
}

static void begin_log(struct logs *logs, struct thread_log *log)
{
	char titles[EVENT_BYTES];

	pmt_log_file_add(&log->file, &logs->fault, "SOF", "");
	snprintf(titles, sizeof(titles),
		 "%-12s %-6s  %-12s %-8s %-80s %4s %-32s %12s %12s", "Event", "dEvent",
		 "Clock", "What", "File", "Line", "Function", "RSS", "dRSS");
	pmt_log_file_add(&log->file, &logs->fault, "HDR: ", titles);
}

/* The log of a stream, NULL before its first event. */
static struct thread_log *find_log(struct logs *logs, uint32_t stream)
{
	if (logs->recent && logs->recent->stream == stream)
		return logs->recent;
	for (size_t i = 0; i < logs->count; i++)
		if (logs->items[i]->stream == stream)
			return logs->recent = logs->items[i];
	return NULL;
}

/* NULL: no memory. */
static struct thread_log *new_log(struct logs *logs, uint32_t stream)
{
	struct thread_log *log = calloc(1, sizeof(*log));
	struct thread_log **items =
	    reallocarray(logs->items, logs->count + 1, sizeof(struct thread_log *));
	if (items)
		logs->items = items;
	char *path = make_path(logs, stream);
	if (!log || !items || !path || pmt_log_file_init(&log->file, path) != 0) {
		free(path);
		free(log);
		pmt_log_fault_note(&logs->fault, logs->folder, ENOMEM);
		return NULL;
	}
	log->stream = stream;
	logs->items[logs->count++] = log;
	logs->recent = log;
	begin_log(logs, log);
	return log;
}

static void set_event(struct thread_log *log, const struct pmt_log_line *line)
{
	const struct pmt_function *python = line->python_function;

	log->event = log->event_count;
	log->seconds = (double)line->time_ns * 1e-9;
	log->word = pmt_log_event_original_word(line->event);
	column_of(python ? python->file : "", log->source);
	log->line = line->python_line;
	column_of(line->function ? line->function->name : "", log->name);
	log->rss_bytes = line->rss_bytes;
	log->event_is_written = false;
}

/* Writes the last event, its differences against the last one that was written. */
static void write_event(struct logs *logs, struct thread_log *log, const char *word)
{
	char text[EVENT_BYTES];

	snprintf(text, sizeof(text),
		 "%-12" PRIu64 " +%-6" PRIu64 " %-12.6f %-8s %-80s %4" PRIu64
		 " %-32s %12" PRId64 " %12" PRId64,
		 log->event, log->event - log->written_event, log->seconds, log->word,
		 log->source, log->line, log->name, log->rss_bytes,
		 (int64_t)((uint64_t)log->rss_bytes - (uint64_t)log->written_rss));
	pmt_log_file_add(&log->file, &logs->fault, word, text);
}

static void note_written(struct thread_log *log)
{
	log->written_event = log->event;
	log->written_rss = log->rss_bytes;
	log->event_is_written = true;
}

/*
 * A jump is written with the event before it, the true one: the original repeats there
 * the last event that was written.
 */
static void add_event(struct logs *logs, struct thread_log *log,
		      const struct pmt_log_line *line)
{
	bool is_first = !log->has_first;
	bool is_jump =
	    !is_first && pmt_log_moved_is_jump(&log->moved, &logs->limits, line);
	struct pmt_point point = {0};

	if (pmt_log_event_is_point(line->event) &&
	    pmt_payload_get_point(&line->event->record, &point))
		log->event_count += point.skipped_count;
	/* Where events were left out the last one is not the one before. */
	if (is_jump && !log->event_is_written && !point.skipped_count)
		write_event(logs, log, "PREV: ");
	set_event(log, line);
	log->has_first = true;
	if (is_first || is_jump) {
		write_event(logs, log, is_first ? "FRST: " : "NEXT: ");
		note_written(log);
		pmt_log_moved_restart(&log->moved, line);
	}
	log->event_count++;
}

static void add_message(struct logs *logs, struct thread_log *log,
			const struct pmt_log_line *line)
{
	char words[NAME_BYTES], text[EVENT_BYTES];
	const char *kind = "";

	if (line->event->kind == PMT_EVENT_RECORD) {
		if (line->event->record.ext == PMT_EXT_REGION_BEGIN)
			kind = "begin ";
		else if (line->event->record.ext == PMT_EXT_REGION_END)
			kind = "end ";
	}
	snprintf(text, sizeof(text), "%-12" PRIu64 " +%-6" PRIu64 " %-12.6f # %s%s",
		 log->event_count, log->event_count - log->written_event,
		 (double)line->time_ns * 1e-9, kind, column_of(line->text, words));
	pmt_log_file_add(&log->file, &logs->fault, "MSG:  ", text);
}

static void add(struct logs *logs, const struct pmt_log_line *line)
{
	bool is_event = line->is_call || pmt_log_event_is_point(line->event);

	if (line->event->stream == 0)
		return;
	struct thread_log *log = find_log(logs, line->event->stream);
	if (!log && (is_event || pmt_log_event_is_message(line->event)))
		log = new_log(logs, line->event->stream);
	if (!log)
		return;
	if (!log->has_first) /* what the process says of itself is known by now */
		logs->limits = pmt_log_limits_of(logs->analysis, logs->request);
	if (line->event->kind == PMT_EVENT_RECORD)
		pmt_log_moved_add(&log->moved, line, logs->analysis->model->page_bytes);
	if (is_event)
		add_event(logs, log, line);
	else if (pmt_log_event_is_message(line->event))
		add_message(logs, log, line);
}

/* Ends the files and names them. */
static int finish(struct logs *logs)
{
	for (size_t i = 0; i < logs->count; i++) {
		struct thread_log *log = logs->items[i];
		if (log->has_first)
			write_event(logs, log, "LAST: ");
		pmt_log_file_add(&log->file, &logs->fault, "EOF", "");
		pmt_log_file_flush(&log->file, &logs->fault);
		if (!logs->fault.error)
			fprintf(logs->request->out, "%s: %" PRIu64 " events\n",
				log->file.path, log->event_count);
		pmt_log_file_close(&log->file);
		free(log);
	}
	free(logs->items);
	if (!logs->fault.error)
		return PMT_EXIT_OK;
	pmt_message_error("%s: %s", logs->fault.path, strerror(logs->fault.error));
	return PMT_EXIT_UNREADABLE;
}

int pmt_log_original_write(const struct pmt_report_request *request)
{
	struct logs logs = {
	    .request = request,
	    .folder = request->output_path ? request->output_path : ".",
	};
	struct pmt_progress progress;
	struct pmt_log_walk walk;
	const struct pmt_log_line *line;
	uint64_t left = request->limit_count ? request->limit_count : UINT64_MAX;

	if (mkdir(logs.folder, 0777) != 0 && errno != EEXIST) {
		pmt_message_error("--output=%s: %s", logs.folder, strerror(errno));
		return PMT_EXIT_UNREADABLE;
	}
	int code = pmt_log_walk_begin(&walk, request, &progress);
	if (code != PMT_EXIT_OK)
		return code;
	logs.analysis = &walk.analysis;
	while (left-- && !logs.fault.error && (line = pmt_log_walk_next(&walk)))
		add(&logs, line);
	int write_code = finish(&logs);
	code = pmt_log_walk_end(&walk);
	return write_code != PMT_EXIT_OK ? write_code : code;
}
