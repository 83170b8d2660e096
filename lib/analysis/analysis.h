/*
 * A trace file, read from end to end into its model: what the views of the report and
 * the rules of the gate begin with.
 */
#ifndef PMT_ANALYSIS_ANALYSIS_H
#define PMT_ANALYSIS_ANALYSIS_H

#include "analysis/losses.h"
#include "analysis/model.h"
#include "base/attr.h"
#include "reader/problem.h"
#include "reader/tables.h"
#include "reader/trace.h"

struct pmt_analysis_options {
	struct pmt_model_options model;
	pmt_progress_fn *progress; /* may be NULL */
	void *progress_context;
};

struct pmt_analysis {
	struct pmt_trace *trace;
	struct pmt_tables *tables;
	struct pmt_model *model;
	struct pmt_losses losses;
	struct pmt_clock clock;
};

/* Reads the trace at path. 0, or a negative errno with *ret_problem set; on success
 * close it in the end. options may be NULL. */
int pmt_analysis_open(const char *path, const struct pmt_analysis_options *options,
		      struct pmt_analysis *ret_analysis,
		      struct pmt_problem *ret_problem) PMT_MUST_CHECK;
void pmt_analysis_close(struct pmt_analysis *analysis);

/* Nanoseconds from the trace's first event to tick. */
int64_t pmt_analysis_since_start_ns(const struct pmt_analysis *analysis, uint64_t tick);

/* What a number of ticks is in nanoseconds. */
int64_t pmt_analysis_duration_ns(const struct pmt_analysis *analysis, uint64_t ticks);

/* The method of RSS that the threads used; the least exact when they differ. */
enum pmt_rss_method pmt_analysis_rss_method(const struct pmt_analysis *analysis);

#endif
