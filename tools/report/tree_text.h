/* The view "tree" as text. */
#ifndef PMT_REPORT_TREE_TEXT_H
#define PMT_REPORT_TREE_TEXT_H

#include "analysis/analysis.h"
#include "report/request.h"
#include "report/tree_walk.h"

/* A walk that was begun, and whom it is for. */
struct pmt_tree_view {
	const struct pmt_report_request *request;
	const struct pmt_analysis *a;
	struct pmt_tree_walk walk;
	uint64_t limit; /* rows */
	/* Columns instead of the tree's own, and what stands under it; NULL: its own. */
	const struct pmt_metric *metrics;
	unsigned metric_count;
	void (*print_foot)(const struct pmt_report_request *request,
			   const struct pmt_analysis *a);
};

/* Prints it. An exit code; view->walk.error when memory ran out. */
int pmt_tree_text_print(struct pmt_tree_view *view);

/* Prints self values with whole paths: what flamegraph.pl, speedscope and others read. */
int pmt_tree_folded_print(struct pmt_tree_view *view);

#endif
