/*
 * One side of a difference: a trace, read and reduced to the table that is compared, and
 * what must be said about the trace itself. The trace is closed by then, so that two
 * large ones are not in memory together.
 */
#ifndef PMT_REPORT_DIFF_TRACE_H
#define PMT_REPORT_DIFF_TRACE_H

#include <jansson.h>

#include "analysis/block_model.h"
#include "analysis/keyed_table.h"
#include "analysis/losses.h"
#include "report/request.h"

/* A view whose tables can be compared. */
struct pmt_diff_kind {
	const char *view; /* its name */
	const char *row;  /* the heading of its rows */
	const char *rows; /* "functions", for sums in words */
	/* The figure compared first is the first of these that both traces have. */
	const char *first_keys[4];
	unsigned options; /* enum pmt_report_option bits that make sense for it */
	/* Rows of blocks: of these; else NULL and no figure. */
	const struct pmt_metric *block_metrics;
	enum pmt_block_figure block_figure;
	/* The others. NULL: of blocks. */
	int (*make)(const struct pmt_report_request *request,
		    const struct pmt_analysis *a, struct pmt_keyed_table *ret_table);
	bool counts_only; /* needs no calls */
};

struct pmt_diff_trace {
	const char *path; /* borrowed */
	char *mode;
	struct pmt_keyed_table table;
	struct pmt_losses losses;
	json_t *trace; /* "trace" of the documents */
	char *truth;   /* what is missing of it, as text; "" */
};

/* Reads the trace at path. An exit code; has said why. Then close it. */
int pmt_diff_trace_read(const struct pmt_report_request *request,
			const struct pmt_diff_kind *kind, const char *path,
			struct pmt_diff_trace *ret_side);
void pmt_diff_trace_close(struct pmt_diff_trace *side);

#endif
