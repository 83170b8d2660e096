/* Blocks by whole stacks: a tree, JSON, CSV, folded. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/block_facts.h"
#include "report/block_print.h"
#include "report/columns.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/label.h"
#include "report/tree_text.h"

enum { ROWS_DEFAULT = 200 };
static const double min_share_default = 0.01;

static void set_figures(json_t *node, const char *member, const struct pmt_model *model,
			const struct pmt_figures *figures,
			const struct pmt_block_view *blocks)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < PMT_BLOCK_METRICS; i++)
		json_object_set_new(object, blocks->metrics[i].member,
				    json_integer(blocks->metrics[i].get(figures, 0)));
	if (model->sample_mean_bytes)
		json_object_set_new(object, "samples",
				    json_integer((json_int_t)figures->sample_count));
	json_object_set_new(node, member, object);
}

static int print_json(struct pmt_tree_view *view, const struct pmt_block_view *blocks)
{
	const struct pmt_model *model = view->a->model;
	json_t *document = json_object(), *rows = json_array();
	struct pmt_tree_step step;

	while (view->limit-- > 0 && pmt_tree_walk_next(&view->walk, &step)) {
		const struct pmt_tree_path *path = &model->tree.paths[step.node];
		json_t *node = json_object();

		json_object_set_new(node, "id", json_integer(step.node));
		json_object_set_new(node, "parent",
				    path->parent == PMT_TREE_ROOT
					? json_null()
					: json_integer(path->parent));
		json_object_set_new(node, "depth", json_integer(step.depth));
		pmt_json_set_function(node, model, path->function);
		set_figures(node, "self", model, &model->tree.self[step.node], blocks);
		set_figures(node, "inclusive", model, &view->walk.inclusive[step.node],
			    blocks);
		json_array_append_new(rows, node);
	}
	json_object_set_new(document, "trace", pmt_json_trace(view->a));
	json_object_set_new(document, "blocks",
			    pmt_block_json_of(view->request, view->a, blocks));
	json_object_set_new(document, blocks->member, rows);
	return pmt_json_print(view->request->out, document);
}

static int print_csv(struct pmt_tree_view *view, const struct pmt_block_view *blocks)
{
	static const char *const heads[] = {"id",       "parent", "depth",
					    "function", "file",   "line"};
	const struct pmt_model *model = view->a->model;
	struct pmt_csv csv = {.out = view->request->out};
	struct pmt_tree_step step;

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		pmt_csv_text(&csv, heads[i]);
	pmt_block_csv_heads(&csv, blocks->metrics);
	pmt_csv_end_row(&csv);
	while (view->limit-- > 0 && pmt_tree_walk_next(&view->walk, &step)) {
		const struct pmt_tree_path *path = &model->tree.paths[step.node];
		const struct pmt_figures *self = &model->tree.self[step.node];
		const struct pmt_figures *all = &view->walk.inclusive[step.node];

		pmt_csv_integer(&csv, step.node);
		pmt_csv_integer_if(&csv, path->parent != PMT_TREE_ROOT, path->parent);
		pmt_csv_integer(&csv, step.depth);
		pmt_csv_function(&csv, model, path->function);
		pmt_block_csv_figures(&csv, blocks->metrics, self, all);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

static int print_text(struct pmt_tree_view *view, const struct pmt_block_view *blocks)
{
	if (view->a->model->measured.blocks)
		pmt_block_print_head(view->request, view->a, blocks);
	view->metrics = blocks->metrics;
	view->metric_count = PMT_BLOCK_METRICS;
	view->print_foot = pmt_block_print_foot;
	return pmt_tree_text_print(view);
}

int pmt_block_print_stacks(const struct pmt_report_request *request,
			   const struct pmt_analysis *a,
			   const struct pmt_block_view *blocks)
{
	bool is_text = request->format == PMT_REPORT_TEXT;
	double min_share = request->min_share >= 0 ? request->min_share
			   : is_text               ? min_share_default
						   : 0;
	struct pmt_tree_view view = {.request = request, .a = a};
	const struct pmt_metric *metric = pmt_metric_find(request->sort);
	int code = PMT_EXIT_OK;

	view.limit = request->limit_count ? request->limit_count
		     : is_text            ? ROWS_DEFAULT
					  : UINT64_MAX;
	int error = pmt_tree_walk_init(&view.walk, a->model,
				       metric ? metric : pmt_metric_find("allocated"),
				       min_share, request->sort_descends);
	if (!error && request->format == PMT_REPORT_JSON)
		code = print_json(&view, blocks);
	else if (!error && request->format == PMT_REPORT_CSV)
		code = print_csv(&view, blocks);
	else if (!error && request->format == PMT_REPORT_FOLDED)
		code = pmt_tree_folded_print(&view);
	else if (!error)
		code = print_text(&view, blocks);
	if (error || view.walk.error) {
		pmt_message_error("not enough memory for the tree");
		code = PMT_EXIT_UNREADABLE;
	}
	pmt_tree_walk_close(&view.walk);
	return code;
}
