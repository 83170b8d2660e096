/* The calling context tree: growing arrays, and a map from (parent, function) to node. */
#include "analysis/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How far up a recursion is looked for: this is paid at every call of a full tree. */
enum { FOLD_STEPS_MAX = 64 };

static int grow(struct pmt_tree *tree)
{
	uint32_t capacity = tree->capacity ? tree->capacity * 2 : 1024;
	struct pmt_tree_path *paths;
	struct pmt_figures *self;

	paths = realloc(tree->paths, capacity * sizeof(*paths));
	if (!paths)
		return -ENOMEM;
	tree->paths = paths;
	self = realloc(tree->self, capacity * sizeof(*self));
	if (!self)
		return -ENOMEM;
	tree->self = self;
	tree->capacity = capacity;
	return 0;
}

static int append(struct pmt_tree *tree, uint32_t parent, uint32_t function,
		  uint32_t *ret_node)
{
	int error = tree->count == tree->capacity ? grow(tree) : 0;
	uint32_t node = tree->count;

	if (error)
		return error;
	tree->paths[node] =
	    (struct pmt_tree_path){.parent = parent, .function = function};
	tree->self[node] = (struct pmt_figures){0};
	if (node != PMT_TREE_ROOT) {
		struct pmt_tree_path *above = &tree->paths[parent];

		error =
		    pmt_map_put(&tree->children, (uint64_t)parent << 32 | function, node);
		if (error)
			return error;
		tree->paths[node].depth = above->depth + 1;
		tree->paths[node].next_sibling = above->first_child;
		above->first_child = node;
	}
	tree->count++;
	*ret_node = node;
	return 0;
}

int pmt_tree_init(struct pmt_tree *tree, uint32_t root_function, uint32_t node_limit)
{
	uint32_t root;

	*tree = (struct pmt_tree){.node_limit = node_limit};
	return append(tree, PMT_TREE_ROOT, root_function, &root);
}

void pmt_tree_close(struct pmt_tree *tree)
{
	free(tree->paths);
	free(tree->self);
	pmt_map_close(&tree->children);
	*tree = (struct pmt_tree){0};
}

/*
 * A place for a path when the tree is full. Right under the root there is at most one
 * node a function, and a program has a bounded number of those: these are still made.
 */
static int fold(struct pmt_tree *tree, uint32_t parent, uint32_t function,
		uint32_t *ret_node)
{
	uint32_t steps = 0;

	tree->folded_count++;
	for (uint32_t at = parent; at != PMT_TREE_ROOT && steps < FOLD_STEPS_MAX;
	     at = tree->paths[at].parent, steps++) {
		if (tree->paths[at].function == function) {
			*ret_node = at;
			return 0;
		}
	}
	uint32_t node =
	    pmt_map_find(&tree->children, (uint64_t)PMT_TREE_ROOT << 32 | function);
	if (node == PMT_MAP_NONE)
		return append(tree, PMT_TREE_ROOT, function, ret_node);
	*ret_node = node;
	return 0;
}

int pmt_tree_find_child(struct pmt_tree *tree, uint32_t parent, uint32_t function,
			uint32_t *ret_node)
{
	uint32_t node = pmt_map_find(&tree->children, (uint64_t)parent << 32 | function);
	int error = 0;

	if (node == PMT_MAP_NONE) {
		if (tree->count >= tree->node_limit)
			return fold(tree, parent, function, ret_node);
		error = append(tree, parent, function, &node);
		if (error)
			return error;
	}
	tree->paths[parent].recent_child = node;
	*ret_node = node;
	return 0;
}

void pmt_tree_settle_calls(struct pmt_tree *tree)
{
	for (uint32_t node = 0; node < tree->count; node++) {
		tree->self[node].call_count += tree->paths[node].call_count;
		tree->paths[node].call_count = 0;
	}
}

struct pmt_figures *pmt_tree_inclusive(const struct pmt_tree *tree)
{
	struct pmt_figures *inclusive = malloc(tree->count * sizeof(*inclusive));

	if (!inclusive)
		return NULL;
	memcpy(inclusive, tree->self, tree->count * sizeof(*inclusive));
	/* Children lie behind their parents: backwards, each is complete when added. */
	for (uint32_t node = tree->count - 1; node > PMT_TREE_ROOT; node--)
		pmt_figures_add(&inclusive[tree->paths[node].parent], &inclusive[node]);
	return inclusive;
}

uint32_t pmt_tree_next_below(const struct pmt_tree *tree, uint32_t top, uint32_t node)
{
	if (tree->paths[node].first_child)
		return tree->paths[node].first_child;
	for (; node != top; node = tree->paths[node].parent) {
		if (tree->paths[node].next_sibling)
			return tree->paths[node].next_sibling;
	}
	return 0;
}

uint32_t pmt_tree_next(const struct pmt_tree *tree, uint32_t node)
{
	return pmt_tree_next_below(tree, PMT_TREE_ROOT, node);
}

void pmt_tree_cut_off(struct pmt_tree *tree, uint32_t node)
{
	uint32_t *link = &tree->paths[PMT_TREE_ROOT].first_child;
	uint32_t at = node;

	do {
		tree->self[at] = (struct pmt_figures){0};
		at = pmt_tree_next_below(tree, node, at);
	} while (at != 0);
	while (*link && *link != node)
		link = &tree->paths[*link].next_sibling;
	if (*link)
		*link = tree->paths[node].next_sibling;
}
