/*
 * detail=tree: the tracer summed per call path itself and writes the nodes now and then;
 * a later record of a node replaces an earlier one. Kept here until the trace was read,
 * then added to the calling context tree.
 */
#ifndef PMT_ANALYSIS_TREE_NODES_H
#define PMT_ANALYSIS_TREE_NODES_H

#include <stddef.h>

#include "analysis/map.h"
#include "base/attr.h"
#include "format/payload.h"

/* All zero is an empty set that owns nothing. */
struct pmt_tree_nodes {
	struct pmt_tree_node *items;
	uint32_t count;
	uint32_t capacity;
	struct pmt_map index; /* stream and id -> item */
};

void pmt_tree_nodes_close(struct pmt_tree_nodes *nodes);

/* Adds a node or replaces it. 0 or -ENOMEM. */
int pmt_tree_nodes_put(struct pmt_tree_nodes *nodes,
		       const struct pmt_tree_node *node) PMT_MUST_CHECK;

/*
 * Calls visit for every node, parents first; parent is NULL for one without, or whose
 * parent was lost. context_of_parent is what visit set for the parent. A circle (a
 * damaged file) is cut. 0, -ENOMEM, or the first nonzero result of visit.
 */
typedef int pmt_tree_nodes_visit_fn(void *context, const struct pmt_tree_node *node,
				    const struct pmt_tree_node *parent,
				    uint32_t context_of_parent, uint32_t *ret_context);
int pmt_tree_nodes_walk(const struct pmt_tree_nodes *nodes,
			pmt_tree_nodes_visit_fn *visit, void *context) PMT_MUST_CHECK;

#endif
