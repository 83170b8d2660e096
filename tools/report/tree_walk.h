/* The calling context tree in the order it is shown: largest first, small branches left
 * out, without recursion (a traced program's may be deeper than our stack). */
#ifndef PMT_REPORT_TREE_WALK_H
#define PMT_REPORT_TREE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/model.h"
#include "base/attr.h"
#include "report/metric.h"
#include "report/order.h"
#include "report/request.h"

struct pmt_tree_step {
	uint32_t node;
	uint32_t depth;        /* 0: right under the root */
	bool is_last;          /* of its parent's shown children */
	bool is_only;          /* its parent shows no other child */
	bool is_recursive;     /* same function as the node above */
	uint32_t hidden_count; /* children that were left out */
	double share;          /* of the whole tree, 0..1 */
};

struct pmt_tree_walk {
	const struct pmt_model *model;
	const struct pmt_metric *metric;
	struct pmt_figures *inclusive; /* by node */
	double total;                  /* of the metric over the whole tree */
	double min_share;
	bool descends;
	/* Steps to come, the next on top. */
	struct pmt_tree_step *stack;
	uint32_t count;
	uint32_t capacity;
	struct pmt_order *children; /* scratch: one node's */
	uint32_t children_capacity;
	int error; /* -ENOMEM when it ended early */
};

/* Figures come from metric's inclusive values; a branch is shown when its share of all
 * (absolute values) is at least min_share. 0 or -ENOMEM. */
int pmt_tree_walk_init(struct pmt_tree_walk *walk, const struct pmt_model *model,
		       const struct pmt_metric *metric, double min_share,
		       bool descends) PMT_MUST_CHECK;
void pmt_tree_walk_close(struct pmt_tree_walk *walk);

/* The next node, parents first. False at the end, or when memory ran out: see error. */
bool pmt_tree_walk_next(struct pmt_tree_walk *walk, struct pmt_tree_step *ret_step);

#endif
