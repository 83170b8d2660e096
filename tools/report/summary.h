/* What one screen tells of a trace, gathered for text and JSON alike. */
#ifndef PMT_REPORT_SUMMARY_H
#define PMT_REPORT_SUMMARY_H

#include "analysis/analysis.h"
#include "analysis/function_table.h"
#include "analysis/processes.h"
#include "base/attr.h"
#include "report/metric.h"
#include "report/request.h"
#include "report/summary_layout.h"

/* Which of the lists is of what was kept. */
enum { PMT_SUMMARY_KEPT = 2 };

/* The functions that lead in one figure. */
struct pmt_summary_list {
	const char *member;  /* in JSON */
	const char *heading; /* in text */
	const struct pmt_metric *metric;
	const struct pmt_model *model; /* of the rows' functions */
	bool is_unknown;               /* whose it was, no record of this trace says */
	bool is_retained; /* rows are lines, their figures what is live of them */
	struct pmt_function_row *rows; /* those above zero, largest first */
	uint32_t count;
};

struct pmt_summary {
	struct pmt_model *blocks; /* what is live, by line; NULL where it is not known */
	struct pmt_model
	    *at_peak;       /* what was live at the heap's peak, by function, or NULL */
	uint64_t own_bytes; /* of blocks, live at the end, that Python keeps for itself */
	struct pmt_function_row holder; /* the one that held most of it, with at_peak */
	struct pmt_summary_list lists[PMT_SUMMARY_LISTS];
	struct pmt_processes processes;
	uint32_t largest_process; /* by peak RSS; PMT_PROCESS_NONE when unknown */
	uint32_t *threads;        /* by what they allocated: indexes of streams */
	uint32_t thread_count;
};

/* rows: how many functions a list has at most. 0 or -ENOMEM; free it in the end. */
int pmt_summary_new(const struct pmt_analysis *a, uint32_t rows,
		    struct pmt_summary *ret_summary) PMT_MUST_CHECK;
void pmt_summary_free(struct pmt_summary *summary);

/* Writes it. Exit codes. */
int pmt_summary_print_text(const struct pmt_report_request *request,
			   const struct pmt_analysis *a,
			   const struct pmt_summary *summary);
int pmt_summary_print_json(const struct pmt_report_request *request,
			   const struct pmt_analysis *a,
			   const struct pmt_summary *summary);

#endif
