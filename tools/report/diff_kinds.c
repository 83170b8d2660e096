/* A table of views, and what each needs. */
#include "report/diff_kinds.h"

#include <stdio.h>
#include <string.h>

#include "analysis/block_metric.h"
#include "analysis/process_tables.h"
#include "analysis/view_tables.h"

static struct pmt_view_table_options all_figures(const struct pmt_report_request *request)
{
	return (struct pmt_view_table_options){.metrics = pmt_metrics,
					       .metric_count = pmt_metric_count,
					       .inclusive = request->sort_inclusive};
}

static int make_functions(const struct pmt_report_request *request,
			  const struct pmt_analysis *a, struct pmt_keyed_table *ret_table)
{
	struct pmt_view_table_options options = all_figures(request);

	return pmt_view_table_functions(a, &options, ret_table);
}

static int make_tree(const struct pmt_report_request *request,
		     const struct pmt_analysis *a, struct pmt_keyed_table *ret_table)
{
	struct pmt_view_table_options options = all_figures(request);

	return pmt_view_table_tree(a, &options, ret_table);
}

static int make_lines(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, struct pmt_keyed_table *ret_table)
{
	struct pmt_view_table_options options = all_figures(request);

	options.inclusive = false;
	return pmt_view_table_lines(a, &options, ret_table);
}

static int make_types(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, struct pmt_keyed_table *ret_table)
{
	(void)request;
	return pmt_view_table_types(a, ret_table);
}

static int make_sizes(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, struct pmt_keyed_table *ret_table)
{
	return pmt_view_table_sizes(a, request->thread, ret_table);
}

static int make_fragmentation(const struct pmt_report_request *request,
			      const struct pmt_analysis *a,
			      struct pmt_keyed_table *ret_table)
{
	(void)request;
	return pmt_process_table_fragmentation(a, ret_table);
}

static int make_headline(const struct pmt_report_request *request,
			 const struct pmt_analysis *a, struct pmt_keyed_table *ret_table)
{
	(void)request;
	return pmt_process_table_headline(a, ret_table);
}

static int make_threads(const struct pmt_report_request *request,
			const struct pmt_analysis *a, struct pmt_keyed_table *ret_table)
{
	(void)request;
	return pmt_process_table_threads(a, ret_table);
}

static int make_family(const struct pmt_report_request *request,
		       const struct pmt_analysis *a, struct pmt_keyed_table *ret_table)
{
	(void)request;
	return pmt_process_table_family(a, ret_table);
}

static int make_moments(const struct pmt_report_request *request,
			const struct pmt_analysis *a, struct pmt_keyed_table *ret_table)
{
	(void)request;
	return pmt_process_table_moments(a, ret_table);
}

#define FIGURE_KEYS {"allocated", "objects", "rss-net", "calls"}
#define BLOCK_OPTIONS                                                                    \
	(PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD |        \
	 PMT_TAKES_MARKS | PMT_TAKES_BY)

static const struct pmt_diff_kind kinds[] = {
    {.view = "functions",
     .row = "function",
     .rows = "functions",
     .first_keys = FIGURE_KEYS,
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD,
     .make = make_functions,
     .of_traces = true,
     .of_moments = true},
    {.view = "tree",
     .row = "call path",
     .rows = "call paths",
     .first_keys = FIGURE_KEYS,
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD,
     .make = make_tree,
     .of_traces = true,
     .of_moments = true},
    {.view = "lines",
     .row = "line",
     .rows = "lines",
     .first_keys = FIGURE_KEYS,
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER,
     .make = make_lines,
     .of_traces = true,
     .of_moments = true},
    {.view = "leaks",
     .row = "allocated at",
     .rows = "rows",
     .first_keys = {"bytes"},
     .options = BLOCK_OPTIONS,
     .block_metrics = pmt_leak_metrics,
     .block_figure = PMT_BLOCKS_LEAKED,
     .of_traces = true},
    {.view = "leaks", /* of a moment: what is live then */
     .row = "allocated at",
     .rows = "rows",
     .first_keys = {"bytes"},
     .options = BLOCK_OPTIONS,
     .block_metrics = pmt_live_metrics,
     .block_figure = PMT_BLOCKS_LEAKED,
     .of_moments = true},
    {.view = "peak",
     .row = "allocated at",
     .rows = "rows",
     .first_keys = {"bytes"},
     .options = BLOCK_OPTIONS | PMT_TAKES_OF,
     .block_metrics = pmt_peak_metrics,
     .block_figure = PMT_BLOCKS_AT_PEAK,
     .rss_figure = PMT_BLOCKS_AT_RSS_PEAK,
     .of_traces = true},
    {.view = "at",
     .row = "allocated at",
     .rows = "rows",
     .first_keys = {"bytes"},
     .options = BLOCK_OPTIONS & ~(unsigned)PMT_TAKES_MARKS,
     .block_metrics = pmt_live_metrics,
     .block_figure = PMT_BLOCKS_LEAKED,
     .of_traces = true},
    {.view = "sizes",
     .row = "size",
     .rows = "classes of sizes",
     .first_keys = {"bytes"},
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD |
		PMT_TAKES_MARKS | PMT_TAKES_WITHIN,
     .make = make_sizes,
     .with_blocks = true,
     .by_size = true,
     .of_traces = true},
    {.view = "fragmentation",
     .row = "moment",
     .rows = "moments",
     .first_keys = {"rest"},
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT,
     .make = make_fragmentation,
     .with_blocks = true,
     .has_moments = true,
     .of_traces = true},
    {.view = "churn",
     .row = "allocated at",
     .rows = "rows",
     .first_keys = {"bytes"},
     .options = BLOCK_OPTIONS | PMT_TAKES_WITHIN,
     .block_metrics = pmt_churn_metrics,
     .block_figure = PMT_BLOCKS_TEMPORARY,
     .of_traces = true},
    {.view = "types",
     .row = "type",
     .rows = "types",
     .first_keys = {"live-bytes"},
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER,
     .make = make_types,
     .counts_only = true,
     .of_traces = true,
     .of_moments = true},
    {.view = "summary",
     .row = "figure",
     .rows = "figures",
     .first_keys = {"peak-rss", "allocated", "threads"},
     .options = 0,
     .make = make_headline,
     .is_headline = true,
     .of_traces = true},
    {.view = "timeline",
     .row = "moment",
     .rows = "moments",
     .first_keys = {"rss", "heap", "time"},
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER,
     .make = make_moments,
     .has_moments = true,
     .of_traces = true},
    {.view = "threads",
     .row = "thread",
     .rows = "threads",
     .first_keys = FIGURE_KEYS,
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER,
     .make = make_threads,
     .of_traces = true},
    {.view = "processes",
     .row = "process",
     .rows = "processes",
     .first_keys = {"peak-rss", "count"},
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER,
     .make = make_family,
     .counts_only = true,
     .of_traces = true},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(*kinds) };

static bool is_for(const struct pmt_diff_kind *kind, bool of_moments)
{
	return of_moments ? kind->of_moments : kind->of_traces;
}

const struct pmt_diff_kind *pmt_diff_kind_find(const char *view, bool of_moments)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (is_for(&kinds[i], of_moments) && strcmp(kinds[i].view, view) == 0)
			return &kinds[i];
	return NULL;
}

const char *pmt_diff_kind_names(bool of_moments)
{
	static char names[200];
	size_t used = 0;

	for (size_t i = 0; i < KIND_COUNT && used < sizeof(names); i++)
		if (is_for(&kinds[i], of_moments))
			used += (size_t)snprintf(names + used, sizeof(names) - used,
						 "%s%s", used ? ", " : "", kinds[i].view);
	return names;
}

const struct pmt_diff_kind *pmt_diff_kind_of_moments(const struct pmt_measured *measured)
{
	return pmt_diff_kind_find(measured->blocks                      ? "leaks"
				  : measured->lines                     ? "lines"
				  : measured->types && !measured->calls ? "types"
									: "functions",
				  true);
}
