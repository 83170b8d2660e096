/*
 * A view: one way to look at a trace. Each is one file, view_<name>.c, that exports one
 * const struct pmt_view; report.c lists them. doc/howto-add-a-report-view.md shows how to
 * add one.
 */
#ifndef PMT_REPORT_VIEW_H
#define PMT_REPORT_VIEW_H

#include "report/request.h"

/* A set of formats, for struct pmt_view.formats. */
#define PMT_FORMAT_BIT(format) (1u << (format))

struct pmt_view {
	const char *name;
	const char *summary; /* what it shows, for --help: begins lower case, no stop */
	unsigned formats;    /* PMT_FORMAT_BIT()s it can write */
	unsigned options;    /* enum pmt_report_option bits it understands */
	/* With PMT_TAKES_SORT: "net allocated ...", the first is the default. NULL: the
	 * view checks the key itself. */
	const char *sort_keys;
	/* A word that must follow the view's name, as --help calls it; NULL: none. */
	const char *argument;
	/* Shows request->trace_path. Returns an exit code (cli/exit_code.h); has said on
	 * stderr why when it is not PMT_EXIT_OK. */
	int (*run)(const struct pmt_report_request *request);
};

/* One a file; keep the order of report.c. */
extern const struct pmt_view pmt_view_summary;
extern const struct pmt_view pmt_view_functions;
extern const struct pmt_view pmt_view_tree;
extern const struct pmt_view pmt_view_timeline;
extern const struct pmt_view pmt_view_lines;
extern const struct pmt_view pmt_view_leaks;
extern const struct pmt_view pmt_view_peak;
extern const struct pmt_view pmt_view_churn;
extern const struct pmt_view pmt_view_at;
extern const struct pmt_view pmt_view_sizes;
extern const struct pmt_view pmt_view_fragmentation;
extern const struct pmt_view pmt_view_types;
extern const struct pmt_view pmt_view_diff;
extern const struct pmt_view pmt_view_threads;
extern const struct pmt_view pmt_view_processes;
extern const struct pmt_view pmt_view_log;
extern const struct pmt_view pmt_view_info;
extern const struct pmt_view pmt_view_dump;
extern const struct pmt_view pmt_view_recover;

/* In the order of --help: report.c. */
extern const struct pmt_view *const pmt_report_views[];

#endif
