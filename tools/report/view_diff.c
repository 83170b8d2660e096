/* The view "diff": what differs between two traces, or two moments of one, in the rows of
 * another view. */
#include <stdlib.h>
#include <string.h>

#include "analysis/key_file.h"
#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/suggest.h"
#include "report/diff_print.h"
#include "report/load.h"
#include "report/ranking.h"
#include "report/view.h"
#include "report/view_choice.h"

enum { ROWS_DEFAULT = 30 };

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

/* By how much the row differs, or, the largest first, how early it is. */
static int64_t key_of(const struct pmt_diff_shown *shown, uint32_t row)
{
	const struct pmt_diff *diff = &shown->diff;
	int time = shown->kind->has_moments ? find_column(diff, "time") : -1;

	if (time >= 0 && !shown->request->sort)
		return -pmt_diff_figure(diff, row,
					pmt_diff_is_gone(diff, row) ? PMT_DIFF_BEFORE
								    : PMT_DIFF_AFTER,
					(unsigned)time);
	int64_t change = pmt_diff_change(diff, row, shown->column);
	return change == INT64_MIN ? INT64_MAX : change < 0 ? -change : change;
}

static bool rank(struct pmt_diff_shown *shown)
{
	const struct pmt_report_request *request = shown->request;
	uint64_t limit = request->limit_count;

	shown->order = calloc(shown->diff.count + 1u, sizeof(*shown->order));
	if (!shown->order)
		return false;
	for (uint32_t row = 0; row < shown->diff.count; row++) {
		if (!is_shown(shown, row))
			continue;
		shown->new_count += pmt_diff_is_new(&shown->diff, row);
		shown->gone_count += pmt_diff_is_gone(&shown->diff, row);
		if (request->format == PMT_REPORT_TEXT &&
		    pmt_diff_change(&shown->diff, row, shown->column) == 0)
			shown->other_count++; /* its text shows one figure */
		else
			shown->order[shown->matched++] =
			    (struct pmt_order){key_of(shown, row), row};
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
	for (unsigned side = shown->request->other_path ? 0 : PMT_DIFF_AFTER;
	     code == PMT_EXIT_OK && side < PMT_DIFF_SIDES; side++)
		code = pmt_report_verdict(shown->request, &shown->sides[side].losses);
	free(shown->order);
	pmt_diff_free(&shown->diff);
	return code;
}

/* *ret_kind stays where none is named. */
static bool choose_kind(const struct pmt_report_request *request,
			const struct pmt_diff_kind **ret_kind)
{
	bool of_moments = !request->other_path;

	if (!request->diff_view)
		return true;
	*ret_kind = pmt_diff_kind_find(request->diff_view->name, of_moments);
	if (!*ret_kind)
		pmt_message_error("diff: the view '%s' cannot be compared%s; those that "
				  "can: %s",
				  request->diff_view->name,
				  of_moments ? " at two moments of one trace" : "",
				  pmt_diff_kind_names(of_moments));
	return *ret_kind != NULL;
}

static bool check_options(const struct pmt_report_request *request,
			  const struct pmt_diff_kind *kind)
{
	unsigned known = kind->options | PMT_TAKES_DIFF;

	if (!request->other_path)
		known |= PMT_TAKES_MARKS | PMT_TAKES_REGION;
	if (request->region && (request->from_mark || request->to_mark)) {
		pmt_message_error("--region names both moments: not with --from or --to");
		return false;
	}
	return !pmt_view_refuse_options(kind->view, known, request->options_used);
}

/* What was measured by the later moment was so before, too. */
static void share_columns(struct pmt_diff_shown *shown)
{
	struct pmt_keyed_table *before = &shown->sides[PMT_DIFF_BEFORE].table;
	const struct pmt_keyed_table *after = &shown->sides[PMT_DIFF_AFTER].table;

	for (unsigned i = 0; i < before->column_count; i++)
		before->columns[i].is_known = after->columns[i].is_known;
}

/* The later moment first: it tells what the trace is of. */
static int read_moments(struct pmt_diff_shown *shown)
{
	static const enum pmt_until untils[PMT_DIFF_SIDES] = {PMT_UNTIL_FROM,
							      PMT_UNTIL_TO};
	int code = PMT_EXIT_OK;

	for (unsigned side = PMT_DIFF_SIDES; code == PMT_EXIT_OK && side-- > 0;) {
		code =
		    pmt_diff_trace_read(shown->request, shown->request->trace_path,
					untils[side], &shown->kind, &shown->sides[side]);
		if (code == PMT_EXIT_OK && !check_options(shown->request, shown->kind))
			code = PMT_EXIT_USAGE;
	}
	if (code == PMT_EXIT_OK)
		share_columns(shown);
	return code;
}

static int read_traces(struct pmt_diff_shown *shown)
{
	const struct pmt_report_request *request = shown->request;
	const char *const paths[PMT_DIFF_SIDES] = {request->trace_path,
						   request->other_path};
	int code;

	if (!shown->kind)
		shown->kind = pmt_diff_kind_find("functions", false);
	code = check_options(request, shown->kind) ? PMT_EXIT_OK : PMT_EXIT_USAGE;
	for (unsigned side = 0; code == PMT_EXIT_OK && side < PMT_DIFF_SIDES; side++)
		code = pmt_diff_trace_read(request, paths[side], PMT_UNTIL_END,
					   &shown->kind, &shown->sides[side]);
	return code;
}

static int run(const struct pmt_report_request *asked)
{
	struct pmt_report_request request = *asked;
	struct pmt_diff_shown shown = {.request = &request};
	int code;

	if (!choose_kind(&request, &shown.kind))
		return PMT_EXIT_USAGE;
	if (request.format == PMT_REPORT_FOLDED)
		request.sort_inclusive = false; /* stacks add up by themselves */
	code = request.other_path ? read_traces(&shown) : read_moments(&shown);
	if (code == PMT_EXIT_OK)
		code = compare(&shown);
	for (unsigned side = 0; side < PMT_DIFF_SIDES; side++)
		pmt_diff_trace_close(&shown.sides[side]);
	return code;
}

const struct pmt_view pmt_view_diff = {
    .name = "diff",
    .summary = "what differs between two traces or two moments, by a view's rows",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV) | PMT_FORMAT_BIT(PMT_REPORT_FOLDED),
    .options = PMT_TAKES_DIFF | PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER |
	       PMT_TAKES_THREAD | PMT_TAKES_MARKS | PMT_TAKES_REGION | PMT_TAKES_BY |
	       PMT_TAKES_WITHIN | PMT_TAKES_OF,
    .run = run,
};
