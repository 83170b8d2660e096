/* The view "diff": what differs between two traces, in the rows of another view. */
#include <stdlib.h>
#include <string.h>

#include "analysis/block_metric.h"
#include "analysis/key_file.h"
#include "analysis/view_tables.h"
#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/suggest.h"
#include "report/diff_print.h"
#include "report/load.h"
#include "report/ranking.h"
#include "report/view.h"
#include "report/view_choice.h"

enum { ROWS_DEFAULT = 30 };

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

#define FIGURE_KEYS {"allocated", "objects", "rss-net", "calls"}
#define BLOCK_OPTIONS                                                                    \
	(PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD |        \
	 PMT_TAKES_MARKS | PMT_TAKES_BY)

/* The first is compared when none is named. */
static const struct pmt_diff_kind kinds[] = {
    {.view = "functions",
     .row = "function",
     .rows = "functions",
     .first_keys = FIGURE_KEYS,
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD,
     .make = make_functions},
    {.view = "tree",
     .row = "call path",
     .rows = "call paths",
     .first_keys = FIGURE_KEYS,
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD,
     .make = make_tree},
    {.view = "lines",
     .row = "line",
     .rows = "lines",
     .first_keys = FIGURE_KEYS,
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER,
     .make = make_lines},
    {.view = "leaks",
     .row = "allocated at",
     .rows = "rows",
     .first_keys = {"bytes"},
     .options = BLOCK_OPTIONS,
     .block_metrics = pmt_leak_metrics,
     .block_figure = PMT_BLOCKS_LEAKED},
    {.view = "peak",
     .row = "allocated at",
     .rows = "rows",
     .first_keys = {"bytes"},
     .options = BLOCK_OPTIONS,
     .block_metrics = pmt_peak_metrics,
     .block_figure = PMT_BLOCKS_AT_PEAK},
    {.view = "churn",
     .row = "allocated at",
     .rows = "rows",
     .first_keys = {"bytes"},
     .options = BLOCK_OPTIONS | PMT_TAKES_WITHIN,
     .block_metrics = pmt_churn_metrics,
     .block_figure = PMT_BLOCKS_TEMPORARY},
    {.view = "types",
     .row = "type",
     .rows = "types",
     .first_keys = {"live-bytes"},
     .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER,
     .make = make_types,
     .counts_only = true},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(*kinds) };

static const struct pmt_diff_kind *find_kind(const char *view)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (strcmp(kinds[i].view, view) == 0)
			return &kinds[i];
	return NULL;
}

static const struct pmt_diff_kind *choose_kind(const struct pmt_report_request *request)
{
	const struct pmt_diff_kind *kind =
	    request->diff_view ? find_kind(request->diff_view->name) : &kinds[0];

	if (!kind) {
		pmt_message_error(
		    "diff: the view '%s' cannot be compared; those that "
		    "can: functions, tree, lines, leaks, peak, churn, types",
		    request->diff_view->name);
		return NULL;
	}
	return pmt_view_refuse_options(kind->view, kind->options | PMT_TAKES_DIFF,
				       request->options_used)
		   ? NULL
		   : kind;
}

/* --- the figure to compare --- */

static int find_column(const struct pmt_diff *diff, const char *key)
{
	for (unsigned i = 0; key && i < diff->column_count; i++)
		if (strcmp(diff->tables[0]->columns[i].key, key) == 0)
			return (int)i;
	return -1;
}

static bool refuse_key(const struct pmt_diff *diff, const char *key)
{
	const char *keys[PMT_KEYED_COLUMNS_MAX];

	for (unsigned i = 0; i < diff->column_count; i++)
		keys[i] = diff->tables[0]->columns[i].key;
	const char *near = pmt_suggest(key, keys, diff->column_count);
	pmt_message_error("--sort=%s: unknown figure; did you mean '%s'?", key,
			  near ? near : keys[0]);
	return false;
}

static bool choose_named(struct pmt_diff_shown *shown, const char *key)
{
	int column = find_column(&shown->diff, key);

	if (column < 0)
		return refuse_key(&shown->diff, key);
	for (unsigned side = 0; side < PMT_DIFF_SIDES; side++) {
		if (shown->sides[side].table.columns[column].is_known)
			continue;
		pmt_message_error("--sort=%s: not measured in %s (mode=%s)", key,
				  shown->sides[side].path, shown->sides[side].mode);
		return false;
	}
	shown->column = (unsigned)column;
	return true;
}

static bool choose_column(struct pmt_diff_shown *shown)
{
	const struct pmt_diff_trace *sides = shown->sides;

	if (shown->request->sort)
		return choose_named(shown, shown->request->sort);
	for (size_t i = 0; i < sizeof(shown->kind->first_keys) / sizeof(char *); i++) {
		int column = find_column(&shown->diff, shown->kind->first_keys[i]);

		if (column < 0 || !pmt_diff_is_known(&shown->diff, (unsigned)column))
			continue;
		shown->column = (unsigned)column;
		return true;
	}
	pmt_message_error("diff %s: no figure was measured in both: %s is of mode=%s, "
			  "%s of mode=%s",
			  shown->kind->view, sides[PMT_DIFF_BEFORE].path,
			  sides[PMT_DIFF_BEFORE].mode, sides[PMT_DIFF_AFTER].path,
			  sides[PMT_DIFF_AFTER].mode);
	return false;
}

/* --- rows --- */

struct pmt_function pmt_diff_function(const struct pmt_diff *diff, uint32_t row)
{
	const struct pmt_keyed_row *text = pmt_diff_text(diff, row);

	return (struct pmt_function){
	    .name = text->name,
	    .file = pmt_key_file_shown(text->key_file),
	    .first_line = text->line,
	};
}

int64_t pmt_diff_total(const struct pmt_diff *diff, enum pmt_diff_side side,
		       unsigned column)
{
	int64_t total = 0;

	for (uint32_t row = 0; row < diff->count; row++)
		total = pmt_sum_wrapping(total, pmt_diff_figure(diff, row, side, column));
	return total;
}

static bool is_shown(const struct pmt_diff_shown *shown, uint32_t row)
{
	const char *filter = shown->request->filter;
	const struct pmt_keyed_row *text = pmt_diff_text(&shown->diff, row);
	struct pmt_function function = {.name = text->name, .file = text->file};

	return pmt_diff_differs(&shown->diff, row) &&
	       (!filter || pmt_ranking_matches(&function, filter));
}

static bool rank(struct pmt_diff_shown *shown)
{
	const struct pmt_report_request *request = shown->request;
	uint64_t limit = request->limit_count;

	shown->order = calloc(shown->diff.count + 1u, sizeof(*shown->order));
	if (!shown->order)
		return false;
	for (uint32_t row = 0; row < shown->diff.count; row++) {
		int64_t change = pmt_diff_change(&shown->diff, row, shown->column);

		if (!is_shown(shown, row))
			continue;
		shown->order[shown->matched++] =
		    (struct pmt_order){change == INT64_MIN ? INT64_MAX
				       : change < 0        ? -change
							   : change,
				       row};
		shown->new_count += pmt_diff_is_new(&shown->diff, row);
		shown->gone_count += pmt_diff_is_gone(&shown->diff, row);
	}
	pmt_order_sort(shown->order, shown->matched, request->sort_descends);
	if (!limit)
		limit = request->format == PMT_REPORT_TEXT ? ROWS_DEFAULT : UINT32_MAX;
	shown->count = limit < shown->matched ? (uint32_t)limit : shown->matched;
	return true;
}

static int print(const struct pmt_diff_shown *shown)
{
	switch (shown->request->format) {
	case PMT_REPORT_JSON:
		return pmt_diff_print_json(shown);
	case PMT_REPORT_CSV:
		return pmt_diff_print_csv(shown);
	case PMT_REPORT_FOLDED:
		return pmt_diff_print_folded(shown);
	default:
		return pmt_diff_print_text(shown);
	}
}

static int compare(struct pmt_diff_shown *shown)
{
	int code;

	if (pmt_diff_new(&shown->sides[PMT_DIFF_BEFORE].table,
			 &shown->sides[PMT_DIFF_AFTER].table, &shown->diff) != 0) {
		pmt_message_error("not enough memory to compare");
		return PMT_EXIT_UNREADABLE;
	}
	if (!choose_column(shown)) {
		code = PMT_EXIT_USAGE;
	} else if (!rank(shown)) {
		pmt_message_error("not enough memory to compare");
		code = PMT_EXIT_UNREADABLE;
	} else {
		code = print(shown);
	}
	for (unsigned side = 0; code == PMT_EXIT_OK && side < PMT_DIFF_SIDES; side++)
		code = pmt_report_verdict(shown->request, &shown->sides[side].losses);
	free(shown->order);
	pmt_diff_free(&shown->diff);
	return code;
}

static int run(const struct pmt_report_request *asked)
{
	struct pmt_report_request request = *asked;
	struct pmt_diff_shown shown = {.request = &request};
	const char *const paths[PMT_DIFF_SIDES] = {asked->trace_path, asked->other_path};
	int code = PMT_EXIT_OK;

	shown.kind = choose_kind(&request);
	if (!shown.kind)
		return PMT_EXIT_USAGE;
	if (request.format == PMT_REPORT_FOLDED)
		request.sort_inclusive = false; /* stacks add up by themselves */
	for (unsigned side = 0; code == PMT_EXIT_OK && side < PMT_DIFF_SIDES; side++)
		code = pmt_diff_trace_read(&request, shown.kind, paths[side],
					   &shown.sides[side]);
	if (code == PMT_EXIT_OK)
		code = compare(&shown);
	for (unsigned side = 0; side < PMT_DIFF_SIDES; side++)
		pmt_diff_trace_close(&shown.sides[side]);
	return code;
}

const struct pmt_view pmt_view_diff = {
    .name = "diff",
    .summary = "what differs between two traces, in the rows of a view",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV) | PMT_FORMAT_BIT(PMT_REPORT_FOLDED),
    .options = PMT_TAKES_DIFF | PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER |
	       PMT_TAKES_THREAD | PMT_TAKES_MARKS | PMT_TAKES_BY | PMT_TAKES_WITHIN,
    .run = run,
};
