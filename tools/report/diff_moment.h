/* A moment of a trace, as one side of a difference. */
#ifndef PMT_REPORT_DIFF_MOMENT_H
#define PMT_REPORT_DIFF_MOMENT_H

#include <stdbool.h>

#include "analysis/analysis.h"
#include "report/request.h"

/* Whether the program came to that moment and the trace can tell what was until then;
 * else has said why not. */
bool pmt_diff_moment_check(const struct pmt_report_request *request, enum pmt_until until,
			   const struct pmt_analysis *a);

/* "trace.bin, mark 'loaded' at 3.0 ms", to be freed; NULL: no memory. */
char *pmt_diff_moment_label(const struct pmt_report_request *request,
			    enum pmt_until until, const struct pmt_analysis *a);

/* When it is. */
int64_t pmt_diff_moment_ns(enum pmt_until until, const struct pmt_analysis *a);

#endif
