/* The views of blocks in their formats: by spots, and by whole stacks. */
#ifndef PMT_REPORT_BLOCK_PRINT_H
#define PMT_REPORT_BLOCK_PRINT_H

#include <jansson.h>

#include "report/block_view.h"

/* a->model is a block model. Exit codes; have said why. */
int pmt_block_print_spots(const struct pmt_report_request *request,
			  const struct pmt_analysis *a,
			  const struct pmt_block_view *view);
int pmt_block_print_stacks(const struct pmt_report_request *request,
			   const struct pmt_analysis *a,
			   const struct pmt_block_view *view);

/* What stands above every text: the view's first line, and which domain served how much
 * where there are objects. */
void pmt_block_print_head(const struct pmt_report_request *request,
			  const struct pmt_analysis *a,
			  const struct pmt_block_view *view);

/* What stands under every text: what is apart from the heap, and what is not known. */
void pmt_block_print_foot(const struct pmt_report_request *request,
			  const struct pmt_analysis *a);

/* "blocks" of a JSON document: totals, peak, doubts. */
json_t *pmt_block_json(const struct pmt_analysis *a);

/* The same for a view of blocks: with what each domain served, where there are objects.
 */
json_t *pmt_block_json_of(const struct pmt_report_request *request,
			  const struct pmt_analysis *a,
			  const struct pmt_block_view *view);

#endif
