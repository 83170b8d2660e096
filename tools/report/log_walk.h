/*
 * Walks over a trace for the view "log": events in the order of time, each with what was
 * running, how deep, and how large the process was. One pass that gives its first event
 * at once, however long the trace; a scout that runs a second ahead brings names. What is
 * missing of the trace is known only at the end.
 */
#ifndef PMT_REPORT_LOG_WALK_H
#define PMT_REPORT_LOG_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "cli/progress.h"
#include "reader/cursor.h"
#include "report/log_scout.h"
#include "report/request.h"

enum { PMT_LOG_TEXT_BYTES = 400 };

/* One event as it is shown. Texts are good until the next one. */
struct pmt_log_line {
	const struct pmt_event *event;
	const char *what;   /* "CALL", "RETURN", "MARK"... */
	const char *thread; /* its name; "" when unknown */
	/* The function entered or left, or that runs; NULL: none is known. */
	const struct pmt_function *function;
	uint64_t line; /* running in it, else its first; 0 when unknown */
	/* The Python function that runs a C function, else as above. */
	const struct pmt_function *python_function;
	uint64_t python_line;
	uint32_t depth;  /* after the event, C functions included */
	int64_t time_ns; /* since the trace's first event */
	bool rss_known;
	int64_t rss_bytes; /* of the process, after the event */
	int64_t rss_change_bytes;
	int64_t duration_ns; /* of a collection that is over */
	bool is_call;        /* an enter, leave or line, of Python or C */
	const char *text;    /* of marks, losses, samples...: "" for calls */
};

struct pmt_log_walk {
	const struct pmt_report_request *request;
	struct pmt_analysis analysis; /* as far as the walk came */
	struct pmt_log_scout scout;
	struct pmt_model *model; /* the analysis's: the stacks */
	struct pmt_cursor *cursor;
	struct pmt_progress *progress;
	struct pmt_log_line line;
	char text[PMT_LOG_TEXT_BYTES];
	uint64_t event_count;
	bool thread_seen; /* one that the request names */
	bool no_memory;
};

/* An exit code; has said why when it is not PMT_EXIT_OK. */
int pmt_log_walk_begin(struct pmt_log_walk *walk,
		       const struct pmt_report_request *request,
		       struct pmt_progress *progress);

/* The next event of those the request wants; NULL behind the last. */
const struct pmt_log_line *pmt_log_walk_next(struct pmt_log_walk *walk);

/* Ends it; the exit code of the view. */
int pmt_log_walk_end(struct pmt_log_walk *walk);

#endif
