/*
 * Walks over a trace for the view "log": events in the order of time, each with what was
 * running, how deep, and how large the process was. Two passes: the first makes the
 * analysis (names, the base of the resident set, what is missing), the second rebuilds
 * the stacks event by event.
 */
#ifndef PMT_REPORT_LOG_WALK_H
#define PMT_REPORT_LOG_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "reader/cursor.h"
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
	bool is_call;     /* an enter, leave or line, of Python or C */
	const char *text; /* of marks, losses, samples...: "" for calls */
};

struct pmt_log_walk {
	const struct pmt_report_request *request;
	struct pmt_analysis analysis; /* of the first pass */
	struct pmt_model *model;      /* of the second */
	struct pmt_cursor *cursor;
	struct pmt_progress *progress;
	struct pmt_log_line line;
	char text[PMT_LOG_TEXT_BYTES];
	bool no_memory;
};

/* An exit code; has said why when it is not PMT_EXIT_OK. progress is for both passes. */
int pmt_log_walk_begin(struct pmt_log_walk *walk,
		       const struct pmt_report_request *request,
		       struct pmt_progress *progress);

/* The next event of those the request wants; NULL behind the last. */
const struct pmt_log_line *pmt_log_walk_next(struct pmt_log_walk *walk);

/* Ends it; the exit code of the view. */
int pmt_log_walk_end(struct pmt_log_walk *walk);

#endif
