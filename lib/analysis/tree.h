/*
 * The calling context tree: a node for each distinct path of calls, with the figures of
 * the function at its end. A long trace makes many events but few paths, so this is what
 * an analysis keeps of them.
 *
 * Bounded: when node_limit nodes exist, a new path is counted at the nearest node above
 * with the same function (recursion) or else right under the root, so that every
 * function keeps its own figures and only the way to it is lost; folded_count says so.
 */
#ifndef PMT_ANALYSIS_TREE_H
#define PMT_ANALYSIS_TREE_H

#include <stdint.h>

#include "analysis/figures.h"
#include "analysis/map.h"
#include "base/attr.h"

enum {
	PMT_TREE_ROOT = 0,
	PMT_TREE_NODE_LIMIT = 1 << 20, /* some 150 MiB */
};

struct pmt_tree_path {
	uint32_t parent; /* its own index for the root */
	uint32_t function;
	uint32_t first_child; /* 0: none; the root is nobody's child */
	uint32_t next_sibling;
	uint32_t
	    recent_child; /* the one asked for last: saves the map most of the time */
	uint32_t depth;
	/* Calls counted here while events are read, so that a call that changed nothing
	 * touches no figures; pmt_tree_settle_calls moves them. */
	uint64_t call_count;
};

struct pmt_tree {
	/* Two arrays with one index: walking paths does not drag figures along. A parent
	 * has a lower index than its children. */
	struct pmt_tree_path *paths;
	struct pmt_figures *self;
	uint32_t count;
	uint32_t capacity;
	uint32_t node_limit;
	uint64_t folded_count;   /* descents that found no room for a path of their own */
	struct pmt_map children; /* parent and function -> node */
};

/* Makes the root, for root_function. 0 or -ENOMEM; then call close all the same. */
int pmt_tree_init(struct pmt_tree *tree, uint32_t root_function,
		  uint32_t node_limit) PMT_MUST_CHECK;
void pmt_tree_close(struct pmt_tree *tree);

/* The slow path of pmt_tree_child. */
int pmt_tree_find_child(struct pmt_tree *tree, uint32_t parent, uint32_t function,
			uint32_t *ret_node) PMT_MUST_CHECK;

/* The node of function below parent; made when it is not there. 0 or -ENOMEM. */
PMT_MUST_CHECK static inline int pmt_tree_child(struct pmt_tree *tree, uint32_t parent,
						uint32_t function, uint32_t *ret_node)
{
	uint32_t recent = tree->paths[parent].recent_child;

	if (recent && tree->paths[recent].function == function) {
		*ret_node = recent;
		return 0;
	}
	return pmt_tree_find_child(tree, parent, function, ret_node);
}

/* Adds the calls counted in the paths to the figures. */
void pmt_tree_settle_calls(struct pmt_tree *tree);

/* For each node its own figures and those of all below it: count entries, to be freed by
 * the caller; NULL without memory. */
struct pmt_figures *pmt_tree_inclusive(const struct pmt_tree *tree) PMT_MUST_CHECK;

/* Takes a child of the root out of the tree, with all below it: walks do not come to it
 * any more, and its figures are zero. */
void pmt_tree_cut_off(struct pmt_tree *tree, uint32_t node);

/*
 * Walks all nodes, parents first, the sibling made last first: begin with PMT_TREE_ROOT;
 * returns 0 behind the last.
 */
uint32_t pmt_tree_next(const struct pmt_tree *tree, uint32_t node);

/* Walks node and all below it: the same, but ends with the subtree of top. */
uint32_t pmt_tree_next_below(const struct pmt_tree *tree, uint32_t top, uint32_t node);

#endif
