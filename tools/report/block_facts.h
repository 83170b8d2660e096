/* What is true of all blocks of a trace together: what its views say above and below
 * their rows, whatever these are by. */
#ifndef PMT_REPORT_BLOCK_FACTS_H
#define PMT_REPORT_BLOCK_FACTS_H

#include <jansson.h>

#include "report/block_view.h"

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
