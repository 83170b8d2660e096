/*
 * One log a thread, in the original's columns. Files are opened only to append what has
 * gathered in memory: a program may have more threads than we may have open files.
 */
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
#include "report/log_jump.h"
#include "report/log_walk.h"

enum {
	NAME_BYTES = 1024,  /* of a function or file: longer ones are cut */
	EVENT_BYTES = 2400, /* of a line without its first word */
	GATHER_BYTES = 64 << 10,
};

/* The log of one stream. */
struct thread_log {
	uint32_t stream;
	char *path;
	char *gathered;
	size_t gathered_bytes;
	bool on_disk;           /* the file has been begun */
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
	char file[NAME_BYTES];
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
	int error;                 /* errno of a write; ENOMEM */
	char error_path[NAME_BYTES];
};

static void fail(struct logs *logs, const char *path, int error)
{
	if (logs->error)
		return;
	logs->error = error;
	snprintf(logs->error_path, sizeof(logs->error_path), "%s", path);
}

static void flush(struct logs *logs, struct thread_log *log)
{
	FILE *f = fopen(log->path, log->on_disk ? "ae" : "we");

	if (!f) {
		fail(logs, log->path, errno);
		return;
	}
	log->on_disk = true;
	errno = 0;
	size_t put = fwrite(log->gathered, 1, log->gathered_bytes, f);
	bool failed = put != log->gathered_bytes;
	if (fclose(f) != 0 || failed)
		fail(logs, log->path, errno ? errno : EIO);
	log->gathered_bytes = 0;
}

/* A line of the file: its first word, and the rest. */
static void add_line(struct logs *logs, struct thread_log *log, const char *word,
		     const char *rest)
{
	size_t need = strlen(word) + strlen(rest) + 2;

	if (log->gathered_bytes + need > GATHER_BYTES)
		flush(logs, log);
	log->gathered_bytes += (size_t)snprintf(log->gathered + log->gathered_bytes, need,
						"%s%s\n", word, rest);
}

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

	add_line(logs, log, "SOF", "");
	snprintf(titles, sizeof(titles),
		 "%-12s %-6s  %-12s %-8s %-80s %4s %-32s %12s %12s", "Event", "dEvent",
		 "Clock", "What", "File", "Line", "Function", "RSS", "dRSS");
	add_line(logs, log, "HDR: ", titles);
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
	if (!log || !items || !(log->gathered = malloc(GATHER_BYTES + 1)) ||
	    !(log->path = make_path(logs, stream))) {
		if (log)
			free(log->gathered);
		free(log);
		fail(logs, logs->folder, ENOMEM);
		return NULL;
	}
	log->stream = stream;
	logs->items[logs->count++] = log;
	logs->recent = log;
	begin_log(logs, log);
	return log;
}

/* The original knows seven events; ours that it has no word for are their kin. */
static const char *original_word(const struct pmt_event *e)
{
	static const char *const words[] = {"CALL", "RETURN", "CALL", "RETURN",
					    "CALL", "RETURN", "LINE"};
	struct pmt_point point;

	if (e->record.op != PMT_OP_EXTENDED)
		return words[e->record.op];
	switch (e->record.ext) {
	case PMT_EXT_C_CALL:
		return "C_CALL";
	case PMT_EXT_C_RETURN:
		return "C_RETURN";
	case PMT_EXT_C_RAISE:
		return "C_EXCEPT";
	default:
		if (!pmt_payload_get_point(&e->record, &point))
			return "LINE";
		if (point.op == PMT_POINT_C_CALL)
			return "C_CALL";
		if (point.op == PMT_POINT_C_RETURN)
			return "C_RETURN";
		if (point.op == PMT_POINT_C_RAISE)
			return "C_EXCEPT";
		return point.op < sizeof(words) / sizeof(words[0]) ? words[point.op]
								   : "LINE";
	}
}

static bool is_point(const struct pmt_log_line *line)
{
	return line->event->kind == PMT_EVENT_RECORD &&
	       line->event->record.op == PMT_OP_EXTENDED &&
	       line->event->record.ext == PMT_EXT_POINT;
}

static void set_event(struct thread_log *log, const struct pmt_log_line *line)
{
	const struct pmt_function *python = line->python_function;

	log->event = log->event_count;
	log->seconds = (double)line->time_ns * 1e-9;
	log->word = original_word(line->event);
	column_of(python ? python->file : "", log->file);
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
		 log->file, log->line, log->name, log->rss_bytes,
		 (int64_t)((uint64_t)log->rss_bytes - (uint64_t)log->written_rss));
	add_line(logs, log, word, text);
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

	if (is_point(line) && pmt_payload_get_point(&line->event->record, &point))
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
	add_line(logs, log, "MSG:  ", text);
}

static bool is_message(const struct pmt_log_line *line)
{
	const struct pmt_event *e = line->event;

	if (e->kind == PMT_EVENT_GAP)
		return true;
	return e->record.op == PMT_OP_EXTENDED &&
	       (e->record.ext == PMT_EXT_MARK || e->record.ext == PMT_EXT_REGION_BEGIN ||
		e->record.ext == PMT_EXT_REGION_END || e->record.ext == PMT_EXT_LOSS ||
		e->record.ext == PMT_EXT_TREE_BEGIN);
}

static void add(struct logs *logs, const struct pmt_log_line *line)
{
	bool is_event = line->is_call || is_point(line);

	if (line->event->stream == 0)
		return;
	struct thread_log *log = find_log(logs, line->event->stream);
	if (!log && (is_event || is_message(line)))
		log = new_log(logs, line->event->stream);
	if (!log)
		return;
	if (!log->has_first) /* what the process says of itself is known by now */
		logs->limits = pmt_log_limits_of(logs->analysis, logs->request);
	if (line->event->kind == PMT_EVENT_RECORD)
		pmt_log_moved_add(&log->moved, line, logs->analysis->model->page_bytes);
	if (is_event)
		add_event(logs, log, line);
	else if (is_message(line))
		add_message(logs, log, line);
}

/* Ends the files and names them. */
static int finish(struct logs *logs)
{
	for (size_t i = 0; i < logs->count; i++) {
		struct thread_log *log = logs->items[i];
		if (log->has_first)
			write_event(logs, log, "LAST: ");
		add_line(logs, log, "EOF", "");
		flush(logs, log);
		if (!logs->error)
			fprintf(logs->request->out, "%s: %" PRIu64 " events\n", log->path,
				log->event_count);
		free(log->gathered);
		free(log->path);
		free(log);
	}
	free(logs->items);
	if (!logs->error)
		return PMT_EXIT_OK;
	pmt_message_error("%s: %s", logs->error_path, strerror(logs->error));
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
	while (left-- && !logs.error && (line = pmt_log_walk_next(&walk)))
		add(&logs, line);
	int write_code = finish(&logs);
	code = pmt_log_walk_end(&walk);
	return write_code != PMT_EXIT_OK ? write_code : code;
}
