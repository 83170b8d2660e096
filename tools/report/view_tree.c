/* The view "tree": who called whom, with what was done below each call path. */
#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/csv.h"
#include "report/json_stream.h"
#include "report/load.h"
#include "report/ranking.h"
#include "report/tree_text.h"
#include "report/view.h"

enum { ROWS_DEFAULT = 200 };
static const double min_share_default = 0.01;

/* Net figures can cancel out in a call path; what was handed out cannot. */
static const struct pmt_metric *default_metric(const struct pmt_model *model)
{
	static const char *const keys[] = {"rss-up", "allocated", "objects", NULL};

	return pmt_ranking_measured(model, keys);
}

/* --- data ----------------------------------------------------------------------------
 */

static json_t *parent_of(const struct pmt_model *model, uint32_t node)
{
	uint32_t parent = model->tree.paths[node].parent;

	return parent == PMT_TREE_ROOT ? json_null() : json_integer(parent);
}

static int print_json(struct pmt_tree_view *view)
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
		    pmt_json_inclusive(&view->walk.inclusive[step.node], model));
		pmt_json_stream_add(&stream, node);
	}
	return pmt_json_stream_end(&stream);
}

static int print_csv(struct pmt_tree_view *view)
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
		pmt_csv_inclusive(&csv, &view->walk.inclusive[step.node], model);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

static int print_view(struct pmt_tree_view *view)
{
	switch (view->request->format) {
	case PMT_REPORT_JSON:
		return print_json(view);
	case PMT_REPORT_CSV:
		return print_csv(view);
	case PMT_REPORT_FOLDED:
		return pmt_tree_folded_print(view);
	default:
		return pmt_tree_text_print(view);
	}
}

static int run(const struct pmt_report_request *request)
{
	bool is_text = request->format == PMT_REPORT_TEXT;
	struct pmt_analysis a;
	struct pmt_tree_view view = {.request = request, .a = &a};
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
