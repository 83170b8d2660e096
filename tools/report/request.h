/*
 * What the user asked of pymemtrace-report, after the command line was checked: filled
 * by arguments.c, read by the views. A field that a view does not use is refused by
 * arguments.c for that view, never ignored.
 */
#ifndef PMT_REPORT_REQUEST_H
#define PMT_REPORT_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/when.h"

enum pmt_report_format {
	PMT_REPORT_TEXT = 0,
	PMT_REPORT_JSON,
	PMT_REPORT_CSV,
	PMT_REPORT_FOLDED,       /* one line a call path, as flame graphs want it */
	PMT_REPORT_ORIGINAL_LOG, /* the log grammar of pymemtrace 0.x */
	PMT_REPORT_FORMAT_COUNT,
};

/* Options that only some views know, as bits of struct pmt_view.options. */
enum pmt_report_option {
	PMT_TAKES_OUTPUT =
	    1 << 0, /* opens --output itself: several files, a binary one */
	PMT_TAKES_SORT = 1 << 1,
	PMT_TAKES_LIMIT = 1 << 2,
	PMT_TAKES_FILTER = 1 << 3,
	PMT_TAKES_MIN_SHARE = 1 << 4,
	PMT_TAKES_THREAD = 1 << 5,
	PMT_TAKES_BY_THREAD = 1 << 6,
	PMT_TAKES_SOURCE = 1 << 7,
	PMT_TAKES_TRIGGER = 1 << 8,
	PMT_TAKES_MARKS = 1 << 9,
	PMT_TAKES_BY = 1 << 10,
	PMT_TAKES_WITHIN = 1 << 11,
	PMT_TAKES_DIFF = 1 << 12, /* no option: two traces, of a view */
	PMT_TAKES_REGION = 1 << 13,
	PMT_TAKES_OF = 1 << 14,
};

/* What the rows of a view of blocks are. */
enum pmt_report_by {
	PMT_BY_VIEW = 0, /* the view's own */
	PMT_BY_LINE,
	PMT_BY_FUNCTION,
	PMT_BY_FILE,
	PMT_BY_SIZE,
	PMT_BY_THREAD,
	PMT_BY_STACK,
	PMT_BY_DOMAIN,
	PMT_BY_COUNT,
};

struct pmt_view;

struct pmt_report_request {
	const char *trace_path;
	/* Of a diff: the trace to compare with (NULL: one with itself), the view whose
	 * rows are compared (NULL: not named), and the options that must make sense for
	 * that (enum pmt_report_option bits). */
	const char *other_path;
	const struct pmt_view *diff_view;
	unsigned options_used;
	enum pmt_report_format format;
	/* Where results go: stdout, or what --output names. A view that writes several
	 * files (log with original-log, recover) takes output_path itself. */
	FILE *out;
	const char *output_path; /* NULL without --output */

	unsigned width_columns; /* of the terminal, --width, COLUMNS or 80 */
	unsigned height_rows;   /* of the terminal, or LINES; 0: not known, no limit */
	bool color;             /* colours are wanted and the output shows them */
	bool ascii;             /* the locale cannot show more than ASCII */
	bool exact_bytes;       /* --bytes */
	bool strict;            /* --strict: 4 when the trace is lossy or incomplete */
	bool show_source;       /* false with --no-source */
	bool by_thread;

	const char *sort;   /* NULL: the view's own order */
	bool sort_descends; /* false with --reverse */
	bool sort_inclusive;
	uint64_t limit_count;  /* 0: the view's own limit; UINT64_MAX: --limit=all */
	const char *filter;    /* glob over function and file names, or NULL */
	double min_share;      /* 0..1; negative: the view's own */
	int64_t trigger_bytes; /* smallest change of RSS; negative: the view's own */
	const char *from_mark; /* a mark that the program set, or NULL */
	const char *to_mark;
	const char *region; /* or NULL */
	enum pmt_report_by by;
	bool of_rss;           /* peak: RSS's moment instead of the heap's */
	struct pmt_when when;  /* at: the moment; of a mark it is to_mark */
	uint32_t within_count; /* allocations; 0: the view's own */
	const char *thread;    /* stream number, thread id or name; NULL: all */
};

#endif
