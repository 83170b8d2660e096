/* Fragmentation in its formats: moments of the trace, each with the figures of what the
 * process had and what of it was live. */
#ifndef PMT_REPORT_FRAGMENTATION_PRINT_H
#define PMT_REPORT_FRAGMENTATION_PRINT_H

#include <stdint.h>

#include "analysis/analysis.h"
#include "analysis/fragmentation.h"
#include "report/request.h"

/* RSS, live, rest, arenas, mapped, shared: in the order of columns. */
enum { PMT_FRAGMENTATION_FIGURES = 6 };

void pmt_fragmentation_figures(const struct pmt_analysis *a,
			       const struct pmt_fragmentation_row *row,
			       int64_t figures[PMT_FRAGMENTATION_FIGURES]);

/* How many rows are shown. */
uint32_t pmt_fragmentation_shown_count(const struct pmt_report_request *request,
				       const struct pmt_fragmentation *f);

/* The row that stands for part i of count equal parts: where most was not live. */
const struct pmt_fragmentation_row *
pmt_fragmentation_shown(const struct pmt_fragmentation *f, uint32_t i, uint32_t count);

/* An exit code. */
int pmt_fragmentation_print_text(const struct pmt_report_request *request,
				 const struct pmt_analysis *a);

#endif
