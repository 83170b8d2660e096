/* From a request to the analysis of its trace: with a progress bar, with everything that
 * is wrong said on stderr, and with the exit code that --strict wants. */
#ifndef PMT_REPORT_LOAD_H
#define PMT_REPORT_LOAD_H

#include "analysis/analysis.h"
#include "report/request.h"

/* PMT_EXIT_OK with *ret_analysis to be closed, or the exit code; said why. by_thread as
 * the view needs it; request->thread is applied. */
int pmt_report_load(const struct pmt_report_request *request, bool by_thread,
		    struct pmt_analysis *ret_analysis);

/* The same without calls: counts, times, samples, losses, facts. In two thirds of the
 * time, and without memory for calls. */
int pmt_report_load_counts(const struct pmt_report_request *request,
			   struct pmt_analysis *ret_analysis);

/* The exit code of a view that has written its result, and a word on stderr with
 * --strict. */
int pmt_report_verdict(const struct pmt_report_request *request,
		       const struct pmt_losses *losses);

/* The trace at a moment of the stretch that the request's marks or region name.
 * of_blocks: with its live set. */
int pmt_report_load_until(const struct pmt_report_request *request, enum pmt_until until,
			  bool of_blocks, struct pmt_analysis *ret_analysis);

/* With the live set of single blocks between the request's marks, or until its moment;
 * apart by size for --by=size. Of blocks the tree and its functions have what it has. */
int pmt_report_load_blocks(const struct pmt_report_request *request,
			   struct pmt_analysis *ret_analysis);

#endif
