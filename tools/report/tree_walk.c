/* The walk: a stack of steps to come. */
#include "report/tree_walk.h"

#include <errno.h>
#include <stdlib.h>

static double weight_of(const struct pmt_tree_walk *walk, uint32_t node)
{
	int64_t value =
	    walk->metric->get(&walk->inclusive[node], walk->model->page_bytes);

	return value < 0 ? -(double)value : (double)value;
}

static int reserve_children(struct pmt_tree_walk *walk, uint32_t count)
{
	uint32_t bigger = walk->children_capacity ? walk->children_capacity * 2 : 64;

	if (count <= walk->children_capacity)
		return 0;
	struct pmt_order *children = realloc(walk->children, bigger * sizeof(*children));
	if (!children)
		return -ENOMEM;
	walk->children = children;
	walk->children_capacity = bigger;
	return 0;
}

/* The children that are shown, sorted, in walk->children. Returns how many. */
static uint32_t collect(struct pmt_tree_walk *walk, uint32_t node, uint32_t *ret_hidden)
{
	const struct pmt_tree_path *paths = walk->model->tree.paths;
	uint32_t count = 0;

	*ret_hidden = 0;
	for (uint32_t child = paths[node].first_child; child;
	     child = paths[child].next_sibling) {
		if (weight_of(walk, child) < walk->min_share * walk->total) {
			(*ret_hidden)++;
			continue;
		}
		walk->error = reserve_children(walk, count + 1);
		if (walk->error)
			return 0;
		walk->children[count++] = (struct pmt_order){
		    walk->metric->get(&walk->inclusive[child], walk->model->page_bytes),
		    child};
	}
	pmt_order_sort(walk->children, count, walk->descends);
	return count;
}

/* Puts the shown children of a node on the stack, the first on top. */
static void push_children(struct pmt_tree_walk *walk, uint32_t node, uint32_t depth,
			  uint32_t *ret_hidden)
{
	const struct pmt_tree_path *paths = walk->model->tree.paths;
	uint32_t count = collect(walk, node, ret_hidden);

	if (walk->error)
		return;
	if (walk->count + count > walk->capacity) {
		uint32_t bigger = (walk->count + count) * 2 + 64;
		struct pmt_tree_step *stack =
		    realloc(walk->stack, bigger * sizeof(*stack));

		if (!stack) {
			walk->error = -ENOMEM;
			return;
		}
		walk->stack = stack;
		walk->capacity = bigger;
	}
	for (uint32_t i = count; i-- > 0;) {
		uint32_t child = walk->children[i].index;

		walk->stack[walk->count++] = (struct pmt_tree_step){
		    .node = child,
		    .depth = depth,
		    .is_last = i + 1 == count,
		    .is_only = count == 1,
		    .is_recursive = paths[child].function == paths[node].function,
		    .share = walk->total > 0 ? weight_of(walk, child) / walk->total : 0,
		};
	}
}

int pmt_tree_walk_init(struct pmt_tree_walk *walk, const struct pmt_model *model,
		       const struct pmt_metric *metric, double min_share, bool descends)
{
	uint32_t hidden;

	*walk = (struct pmt_tree_walk){.model = model,
				       .metric = metric,
				       .min_share = min_share,
				       .descends = descends};
	walk->inclusive = pmt_tree_inclusive(&model->tree);
	if (!walk->inclusive)
		return -ENOMEM;
	for (uint32_t child = model->tree.paths[PMT_TREE_ROOT].first_child; child;
	     child = model->tree.paths[child].next_sibling)
		walk->total += weight_of(walk, child);
	push_children(walk, PMT_TREE_ROOT, 0, &hidden);
	return walk->error;
}

void pmt_tree_walk_close(struct pmt_tree_walk *walk)
{
	free(walk->inclusive);
	free(walk->stack);
	free(walk->children);
	*walk = (struct pmt_tree_walk){0};
}

bool pmt_tree_walk_next(struct pmt_tree_walk *walk, struct pmt_tree_step *ret_step)
{
	if (walk->error || walk->count == 0)
		return false;
	struct pmt_tree_step step = walk->stack[--walk->count];
	push_children(walk, step.node, step.depth + 1, &step.hidden_count);
	*ret_step = step;
	return walk->error == 0;
}
