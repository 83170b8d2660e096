/*
 * Runs ahead of the log through the trace, so that the log can print at once what it
 * needs from later records: names that another stream defines, threads' names, and how
 * large the process was when its trace began.
 */
#ifndef PMT_REPORT_LOG_SCOUT_H
#define PMT_REPORT_LOG_SCOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "reader/cursor.h"
#include "reader/tables.h"
#include "reader/trace.h"

struct pmt_log_scout {
	struct pmt_cursor *cursor;
	uint64_t ahead_ticks; /* how far it stays ahead in time */
	uint64_t page_bytes;
	uint64_t event_count; /* seen so far */
	uint64_t tick;        /* of the last one */
	uint64_t first_tick;
	int64_t rss_pages;      /* sum of the changes so far */
	int64_t rss_base_bytes; /* at the trace's begin; 0 while no sample was seen */
	bool is_base_known;
	bool is_rss_measured; /* a record told of a change */
	bool has_lines;
	bool is_over;
};

/* Fills tables, which must outlive it; sees the first events and samples at once. 0 or
 * -ENOMEM; close it in any case. */
int pmt_log_scout_open(struct pmt_log_scout *scout, struct pmt_trace *trace,
		       struct pmt_tables *tables) PMT_MUST_CHECK;

/* Goes on until it is well ahead of the event of number event_count at tick. 0, -ENOMEM
 */
int pmt_log_scout_follow(struct pmt_log_scout *scout, uint64_t event_count,
			 uint64_t tick) PMT_MUST_CHECK;

void pmt_log_scout_close(struct pmt_log_scout *scout);

#endif
