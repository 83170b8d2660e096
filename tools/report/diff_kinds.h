/* The views whose tables can be compared, and how those are made. */
#ifndef PMT_REPORT_DIFF_KINDS_H
#define PMT_REPORT_DIFF_KINDS_H

#include "analysis/block_model.h"
#include "analysis/keyed_table.h"
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
	enum pmt_block_figure rss_figure; /* instead of it with --of=rss */
	/* The others. NULL: of blocks. */
	int (*make)(const struct pmt_report_request *request,
		    const struct pmt_analysis *a, struct pmt_keyed_table *ret_table);
	bool counts_only; /* needs no calls */
	bool with_blocks; /* needs them without showing where they come from */
	bool by_size;     /* and apart by their size */
	bool is_headline; /* one row: shown figure by figure */
	bool has_moments; /* rows are in the order of time and have no sum */
	/* What can be compared of two traces, or of two moments of one, or both. */
	bool of_traces;
	bool of_moments;
};

/* NULL: it cannot be compared so. */
const struct pmt_diff_kind *pmt_diff_kind_find(const char *view, bool of_moments);

/* The names of those that can, for a message. */
const char *pmt_diff_kind_names(bool of_moments);

/* What says most of moments of a trace that measured this, when no view is named. */
const struct pmt_diff_kind *pmt_diff_kind_of_moments(const struct pmt_measured *measured);

#endif
