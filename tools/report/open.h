/* Opening a trace for the views that look at it as it is, without an analysis. */
#ifndef PMT_REPORT_OPEN_H
#define PMT_REPORT_OPEN_H

#include "cli/progress.h"
#include "reader/trace.h"
#include "report/request.h"

/* Opens request->trace_path with a progress bar, which must be begun; NULL when it cannot
 * be read, which has been said. */
struct pmt_trace *pmt_report_open(const struct pmt_report_request *request,
				  struct pmt_progress *progress);

/* Says on stderr what is damaged; nothing when nothing is. */
void pmt_report_say_problems(const struct pmt_trace *trace);

#endif
