/* The views of blocks in their formats: by spots, and by whole stacks. */
#ifndef PMT_REPORT_BLOCK_PRINT_H
#define PMT_REPORT_BLOCK_PRINT_H

#include "report/block_view.h"

/* a->model is a block model. Exit codes; have said why. */
int pmt_block_print_spots(const struct pmt_report_request *request,
			  const struct pmt_analysis *a,
			  const struct pmt_block_view *view);
int pmt_block_print_stacks(const struct pmt_report_request *request,
			   const struct pmt_analysis *a,
			   const struct pmt_block_view *view);

#endif
