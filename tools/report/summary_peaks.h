/* The peaks of the summary: of the resident set, of the heap, of what was live; and what
 * there was at the end. */
#ifndef PMT_REPORT_SUMMARY_PEAKS_H
#define PMT_REPORT_SUMMARY_PEAKS_H

#include <stdbool.h>

#include "report/summary.h"

/* Whether there is a path to show: the call that reached the peak has callers. */
bool pmt_summary_path_shows(const struct pmt_model *model, const struct pmt_peak *peak);

/* A line, and one for its path. */
void pmt_summary_print_peak(const struct pmt_report_request *request,
			    const struct pmt_analysis *a, const char *title,
			    const struct pmt_peak *peak, bool with_path);

/* Of single blocks, mappings among them, which the sums of the heap do not have; nothing
 * where these are not known. */
void pmt_summary_print_live(const struct pmt_report_request *request,
			    const struct pmt_analysis *a,
			    const struct pmt_summary *summary);

/* By the last sample; nothing without one. */
void pmt_summary_print_end(const struct pmt_report_request *request,
			   const struct pmt_analysis *a,
			   const struct pmt_summary *summary);

#endif
