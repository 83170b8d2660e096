/*
 * When memory has jumped, for the original's log: by --trigger and the resident set of
 * the process, or, in a trace that holds only the events around a jump, by the limits
 * that the tracer went by and the thread's own sums.
 */
#ifndef PMT_REPORT_LOG_JUMP_H
#define PMT_REPORT_LOG_JUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "report/log_walk.h"
#include "report/request.h"

struct pmt_log_limits {
	int64_t process_rss_bytes; /* -1: by the two below */
	int64_t rss_bytes;         /* 0: no limit */
	int64_t alloc_bytes;       /* 0: no limit */
};

/* Of a thread, since its last event that was a jump or the first. All zero at first. */
struct pmt_log_moved {
	int64_t process_rss_bytes; /* the process's RSS then */
	int64_t rss_bytes;
	int64_t kept_bytes;
};

struct pmt_log_limits pmt_log_limits_of(const struct pmt_analysis *analysis,
					const struct pmt_report_request *request);

/* Takes a record of the thread in. */
void pmt_log_moved_add(struct pmt_log_moved *moved, const struct pmt_log_line *line,
		       uint32_t page_bytes);

/* Whether the event, taken in, is a jump. */
bool pmt_log_moved_is_jump(const struct pmt_log_moved *moved,
			   const struct pmt_log_limits *limits,
			   const struct pmt_log_line *line);

/* From this event on. */
void pmt_log_moved_restart(struct pmt_log_moved *moved, const struct pmt_log_line *line);

#endif
