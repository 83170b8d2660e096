/* The loud part of every text report: what is missing of the truth, line by line. */
#ifndef PMT_REPORT_TRUTH_H
#define PMT_REPORT_TRUTH_H

#include "analysis/analysis.h"
#include "report/request.h"

/* Prints a line for each kind of loss, damage or doubt; nothing when there is none.
 * Returns the number of lines. */
unsigned pmt_truth_print(const struct pmt_report_request *request,
			 const struct pmt_analysis *analysis);

#endif
