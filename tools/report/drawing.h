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

/* The same of a view's own figures: a chart of pmt_drawing_columns() values, with a gap
 * where one is PMT_CHART_NO_VALUE, and the axis under the last. Return the lines printed;
 * 0 when there is nothing to draw. */
unsigned pmt_drawing_columns(const struct pmt_report_request *request);
unsigned pmt_drawing_series(const struct pmt_report_request *request, const char *name,
			    const int64_t *values, unsigned rows);
unsigned pmt_drawing_axis(const struct pmt_report_request *request,
			  const struct pmt_analysis *a, uint64_t from_tick);

#endif
