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
};

/* Prints it. An exit code; view->walk.error when memory ran out. */
int pmt_tree_text_print(struct pmt_tree_view *view);

#endif
