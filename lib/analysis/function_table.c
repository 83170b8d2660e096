/* One walk over the calling context tree, with a count of how often each function is on
 * the path to the node at hand. */
#include "analysis/function_table.h"

#include <errno.h>
#include <stdlib.h>

#include "analysis/blame.h"

/* Scratch space of the walk, by function. */
struct walk {
	const struct pmt_model *model;
	struct pmt_figures *inclusive; /* by node */
	uint32_t *on_path;             /* times the function is on the path */
	uint32_t *row_of;              /* its row + 1, 0 before it has one */
	struct pmt_function_row *rows;
	uint32_t count;
};

static bool has_row(const struct pmt_function *f)
{
	return f->kind != PMT_FUNCTION_THREAD;
}

static uint32_t function_of(const struct walk *w, uint32_t node)
{
	uint32_t function = w->model->tree.paths[node].function;

	return w->model->functions.items[function].alias;
}

/* The node that what stands at this one is charged to: itself, or one further out. */
static uint32_t blamed_node(const struct walk *w, uint32_t node)
{
	return pmt_blamed_node(&w->model->tree, &w->model->functions, node);
}

static void enter(struct walk *w, uint32_t node)
{
	uint32_t blamed = blamed_node(w, node), function = function_of(w, blamed);

	if (!has_row(&w->model->functions.items[function]))
		return;
	if (w->row_of[function] == 0) {
		w->rows[w->count] = (struct pmt_function_row){.function = function};
		w->row_of[function] = ++w->count;
	}
	struct pmt_function_row *row = &w->rows[w->row_of[function] - 1];
	uint64_t calls = row->inclusive.call_count;
	pmt_figures_add(&row->self, &w->model->tree.self[node]);
	if (blamed != node) /* it was entered, with all that is below */
		return;
	if (w->on_path[function]++ == 0) {
		pmt_figures_add(&row->inclusive, &w->inclusive[node]);
		row->inclusive.call_count = calls + w->model->tree.self[node].call_count;
	}
}

static void leave(struct walk *w, uint32_t node)
{
	uint32_t function = function_of(w, node);

	if (has_row(&w->model->functions.items[function]) && blamed_node(w, node) == node)
		w->on_path[function]--;
}

static void walk_tree(struct walk *w)
{
	const struct pmt_tree_path *paths = w->model->tree.paths;
	uint32_t node = paths[PMT_TREE_ROOT].first_child;

	while (node != PMT_TREE_ROOT) {
		enter(w, node);
		if (paths[node].first_child) {
			node = paths[node].first_child;
			continue;
		}
		leave(w, node);
		while (node != PMT_TREE_ROOT && !paths[node].next_sibling) {
			node = paths[node].parent;
			if (node != PMT_TREE_ROOT)
				leave(w, node);
		}
		node = paths[node].next_sibling;
	}
}

/* A stable order that does not depend on how the tree was built. */
static int by_function(const void *a, const void *b)
{
	const struct pmt_function_row *x = a;
	const struct pmt_function_row *y = b;

	return (x->function > y->function) - (x->function < y->function);
}

int pmt_function_table_new(const struct pmt_model *model,
			   struct pmt_function_row **ret_rows, uint32_t *ret_count)
{
	uint32_t functions = model->functions.count;
	struct walk w = {.model = model};
	int error = -ENOMEM;

	w.inclusive = pmt_tree_inclusive(&model->tree);
	w.on_path = calloc(functions, sizeof(*w.on_path));
	w.row_of = calloc(functions, sizeof(*w.row_of));
	w.rows = calloc(functions, sizeof(*w.rows));
	if (!w.inclusive || !w.on_path || !w.row_of || !w.rows)
		goto out;
	walk_tree(&w);
	qsort(w.rows, w.count, sizeof(*w.rows), by_function);
	*ret_rows = w.rows;
	*ret_count = w.count;
	w.rows = NULL;
	error = 0;
out:
	free(w.inclusive);
	free(w.on_path);
	free(w.row_of);
	free(w.rows);
	return error;
}
