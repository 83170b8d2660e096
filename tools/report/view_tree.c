/* The view "tree": who called whom, with what was done below each call path. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/columns.h"
#include "report/csv.h"
#include "report/json_stream.h"
#include "report/label.h"
#include "report/load.h"
#include "report/ranking.h"
#include "report/tree_walk.h"
#include "report/truth.h"
#include "report/view.h"

enum {
	ROWS_DEFAULT = 200,
	BRANCH_COLUMNS = 2,
	LABEL_COLUMNS_MIN = 20, /* deeper levels are not indented further */
};
static const double min_share_default = 0.01;

/* What a walk is begun with. */
struct tree_view {
	const struct pmt_report_request *request;
	const struct pmt_analysis *a;
	struct pmt_tree_walk walk;
	uint64_t limit;
};

/* Net figures can cancel out in a call path; what was handed out cannot. */
static const struct pmt_metric *default_metric(const struct pmt_model *model)
{
	static const char *const keys[] = {"rss-up", "allocated", "objects", "calls"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct pmt_metric *metric = pmt_metric_find(keys[i]);

		if (metric->is_measured(&model->measured))
			return metric;
	}
	return pmt_metric_find("calls");
}

/* --- text ----------------------------------------------------------------------------
 */

/* Which levels above the row at hand go on below it. */
struct branches {
	bool *goes_on;
	uint32_t capacity;
};

static bool note_level(struct branches *b, const struct pmt_tree_step *step)
{
	if (step->depth >= b->capacity) {
		uint32_t capacity = (step->depth + 1) * 2;
		bool *goes_on = realloc(b->goes_on, capacity);

		if (!goes_on)
			return false;
		b->goes_on = goes_on;
		b->capacity = capacity;
	}
	b->goes_on[step->depth] = !step->is_last;
	return true;
}

/* Draws the branches left of a label; returns their columns. */
static unsigned print_branches(const struct pmt_report_request *request,
			       const struct branches *b, const struct pmt_tree_step *step,
			       unsigned columns)
{
	bool ascii = request->ascii;
	uint32_t room =
	    columns > LABEL_COLUMNS_MIN ? (columns - LABEL_COLUMNS_MIN) / 2 : 0;
	/* Level 0 has no branches. */
	uint32_t level = step->depth > room ? step->depth - room : 1;
	unsigned used = 0;

	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	if (level > 1) {
		/* The levels that have no room, as their number. */
		used = (unsigned)fprintf(request->out, "+%" PRIu32 " ", level);
		level += (used + 1) / 2;
	}
	for (; level < step->depth; level++, used += BRANCH_COLUMNS)
		fputs(!b->goes_on[level] ? "  "
		      : ascii            ? "| "
					 : "\xe2\x94\x82 ",
		      request->out);
	if (step->depth > 0) {
		fputs(step->is_last ? (ascii ? "`-" : "\xe2\x94\x94\xe2\x94\x80")
				    : (ascii ? "|-" : "\xe2\x94\x9c\xe2\x94\x80"),
		      request->out);
		used += BRANCH_COLUMNS;
	}
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
	return used;
}

static void print_row(const struct tree_view *view, const struct pmt_columns *columns,
		      const struct branches *b, const struct pmt_tree_step *step)
{
	const struct pmt_report_request *request = view->request;
	const struct pmt_model *model = view->a->model;
	struct pmt_figures figures = view->walk.inclusive[step->node];
	char text[PMT_FIGURE_BYTES];
	unsigned used;

	/* Calls of this path itself say more than those of all below it. */
	if (strcmp(view->walk.metric->key, "calls") != 0)
		figures.call_count = model->tree.self[step->node].call_count;
	fprintf(request->out, "%6s", pmt_figure_share(text, step->share));
	pmt_columns_print(request, columns, &figures, model);
	used = print_branches(request, b, step, columns->label_columns);
	pmt_label_print(
	    request, &model->functions.items[model->tree.paths[step->node].function],
	    columns->label_columns > used ? columns->label_columns - used : 8);
	fputc('\n', request->out);
}

static int print_text(struct tree_view *view)
{
	static const char *const keys[] = {"rss-net", "calls",   "allocated",
					   "net",     "objects", NULL};
	struct pmt_report_request narrowed = *view->request;
	struct branches b = {NULL, 0};
	struct pmt_columns columns;
	struct pmt_tree_step step;
	uint64_t rows = 0, hidden = 0;

	narrowed.width_columns -= 6; /* the share */
	columns = pmt_columns_choose(&narrowed, view->a->model, view->walk.metric, keys);
	fprintf(view->request->out, "%s%6s",
		pmt_paint(view->request->color, PMT_PAINT_TITLE), "share");
	pmt_columns_print_headings(view->request, &columns, "call path");
	while (rows < view->limit && pmt_tree_walk_next(&view->walk, &step)) {
		if (!note_level(&b, &step)) {
			view->walk.error = -1;
			break;
		}
		print_row(view, &columns, &b, &step);
		hidden += step.hidden_count;
		rows++;
	}
	if (rows == 0)
		fputs("  no calls\n", view->request->out);
	fputs(pmt_paint(view->request->color, PMT_PAINT_DIM), view->request->out);
	if (rows == view->limit && view->walk.count > 0)
		fprintf(view->request->out,
			"Cut at %" PRIu64 " rows; --limit=all shows "
			"all.\n",
			rows);
	if (hidden > 0)
		fprintf(view->request->out,
			"%" PRIu64 " branch%s below %.1f%% left out; --min-share=0 shows "
			"all.\n",
			hidden, hidden == 1 ? "" : "es", view->walk.min_share * 100);
	fputs(pmt_paint(view->request->color, PMT_PAINT_NONE), view->request->out);
	pmt_truth_print(view->request, view->a);
	free(b.goes_on);
	return PMT_EXIT_OK;
}

/* --- data ----------------------------------------------------------------------------
 */

static json_t *parent_of(const struct pmt_model *model, uint32_t node)
{
	uint32_t parent = model->tree.paths[node].parent;

	return parent == PMT_TREE_ROOT ? json_null() : json_integer(parent);
}

static int print_json(struct tree_view *view)
{
	const struct pmt_model *model = view->a->model;
	struct pmt_json_stream stream;
	struct pmt_tree_step step;

	pmt_json_stream_begin(&stream, view->request->out, view->a, "tree");
	while (view->limit-- > 0 && pmt_tree_walk_next(&view->walk, &step)) {
		uint32_t function = model->tree.paths[step.node].function;
		const struct pmt_figures *self = &model->tree.self[step.node];
		json_t *node = json_object();

		json_object_set_new(node, "id", json_integer(step.node));
		json_object_set_new(node, "parent", parent_of(model, step.node));
		json_object_set_new(node, "depth", json_integer(step.depth));
		pmt_json_set_function(node, model, function);
		json_object_set_new(node, "calls", pmt_json_calls(self, model, function));
		json_object_set_new(node, "self", pmt_json_part(self, model));
		json_object_set_new(
		    node, "inclusive",
		    pmt_json_part(&view->walk.inclusive[step.node], model));
		pmt_json_stream_add(&stream, node);
	}
	return pmt_json_stream_end(&stream);
}

static int print_csv(struct tree_view *view)
{
	const struct pmt_model *model = view->a->model;
	struct pmt_csv csv = {.out = view->request->out};
	static const char *const heads[] = {"id",   "parent", "depth", "function",
					    "file", "line",   "calls"};
	struct pmt_tree_step step;

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		pmt_csv_text(&csv, heads[i]);
	pmt_csv_part_header(&csv, "self_");
	pmt_csv_part_header(&csv, "inclusive_");
	pmt_csv_end_row(&csv);
	while (view->limit-- > 0 && pmt_tree_walk_next(&view->walk, &step)) {
		const struct pmt_tree_path *path = &model->tree.paths[step.node];
		const struct pmt_figures *self = &model->tree.self[step.node];

		pmt_csv_integer(&csv, step.node);
		if (path->parent == PMT_TREE_ROOT)
			pmt_csv_empty(&csv);
		else
			pmt_csv_integer(&csv, path->parent);
		pmt_csv_integer(&csv, step.depth);
		pmt_csv_function(&csv, model, path->function);
		pmt_csv_calls(&csv, self, model, path->function);
		pmt_csv_part(&csv, self, model);
		pmt_csv_part(&csv, &view->walk.inclusive[step.node], model);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

/* Frames from the outermost in; fills path from its end. Returns its beginning. */
static uint32_t collect_path(const struct pmt_tree *tree, uint32_t node, uint32_t *path,
			     uint32_t size)
{
	while (node != PMT_TREE_ROOT && size > 0) {
		path[--size] = node;
		node = tree->paths[node].parent;
	}
	return size;
}

/* Self values with whole paths: what flamegraph.pl, speedscope and others read. */
static int print_folded(struct tree_view *view)
{
	const struct pmt_model *model = view->a->model;
	const struct pmt_tree *tree = &model->tree;
	FILE *out = view->request->out;
	uint32_t *path = malloc((tree->count + 1) * sizeof(*path));
	int64_t negative = 0;
	struct pmt_tree_step step;

	if (!path)
		return PMT_EXIT_UNREADABLE;
	while (view->limit-- > 0 && pmt_tree_walk_next(&view->walk, &step)) {
		int64_t value =
		    view->walk.metric->get(&tree->self[step.node], model->page_bytes);
		uint32_t end = step.depth + 1;
		uint32_t at = collect_path(tree, step.node, path, end);

		if (value <= 0) {
			negative += value;
			continue;
		}
		for (uint32_t i = at; i < end; i++) {
			const struct pmt_function *f =
			    &model->functions.items[tree->paths[path[i]].function];

			if (i > at)
				fputc(';', out);
			pmt_label_print_folded(out, f);
		}
		fprintf(out, " %" PRId64 "\n", value);
	}
	free(path);
	if (negative < 0)
		pmt_message_warning("folded stacks hold no negative values: %" PRId64
				    " of %s in all left out",
				    negative, view->walk.metric->key);
	return PMT_EXIT_OK;
}

static int print_view(struct tree_view *view)
{
	switch (view->request->format) {
	case PMT_REPORT_JSON:
		return print_json(view);
	case PMT_REPORT_CSV:
		return print_csv(view);
	case PMT_REPORT_FOLDED:
		return print_folded(view);
	default:
		return print_text(view);
	}
}

static int run(const struct pmt_report_request *request)
{
	bool is_text = request->format == PMT_REPORT_TEXT;
	struct pmt_analysis a;
	struct tree_view view = {.request = request, .a = &a};
	int code = pmt_report_load(request, request->by_thread, &a);
	double min_share = request->min_share >= 0 ? request->min_share
			   : is_text               ? min_share_default
						   : 0;

	if (code != PMT_EXIT_OK)
		return code;
	view.limit = request->limit_count ? request->limit_count
		     : is_text            ? ROWS_DEFAULT
					  : UINT64_MAX;
	int error = pmt_tree_walk_init(&view.walk, a.model,
				       request->sort ? pmt_metric_find(request->sort)
						     : default_metric(a.model),
				       min_share, request->sort_descends);
	if (!error)
		code = print_view(&view);
	if (error || view.walk.error) {
		pmt_message_error("not enough memory for the tree");
		code = PMT_EXIT_UNREADABLE;
	}
	pmt_tree_walk_close(&view.walk);
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_tree = {
    .name = "tree",
    .summary = "who called whom, with what was done below each call path",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV) | PMT_FORMAT_BIT(PMT_REPORT_FOLDED),
    .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_MIN_SHARE | PMT_TAKES_THREAD |
	       PMT_TAKES_BY_THREAD,
    .sort_keys = PMT_METRIC_KEYS,
    .run = run,
};
