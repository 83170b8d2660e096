/* The timeline as charts, for the summary and the timeline view. */
#ifndef PMT_REPORT_DRAWING_H
#define PMT_REPORT_DRAWING_H

#include "analysis/analysis.h"
#include "report/request.h"

/* RSS and heap in one chart each of rows rows, with a time axis. Returns the lines
 * printed; 0 when there is nothing to draw. heap_rows 0: RSS only. */
unsigned pmt_drawing_print(const struct pmt_report_request *request,
			   const struct pmt_analysis *a, unsigned rss_rows,
			   unsigned heap_rows);

#endif
