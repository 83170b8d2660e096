/* What the views of blocks (leaks, peak, churn) share: loading, order, all formats. Each
 * says which blocks it is about and in which words. */
#ifndef PMT_REPORT_BLOCK_VIEW_H
#define PMT_REPORT_BLOCK_VIEW_H

#include "analysis/block_metric.h"
#include "analysis/block_model.h"
#include "report/csv.h"
#include "report/metric.h"
#include "report/request.h"

struct pmt_block_view {
	const char *member; /* of the JSON document: "leaks" */
	enum pmt_block_figure figure;
	const struct pmt_metric *metrics; /* PMT_BLOCK_METRICS of them */
	enum pmt_block_figure rss_figure; /* instead of it with --of=rss */
	/* The first line of the text: what is shown, with its totals. */
	void (*print_head)(const struct pmt_report_request *request,
			   const struct pmt_analysis *a, const struct pmt_model *shown);
	bool tells_own; /* what Python keeps for itself stands apart */
};

#define PMT_BLOCK_KEYS "bytes count name file"

/* What such a view understands, for struct pmt_view. */
#define PMT_BLOCK_FORMATS                                                                \
	(PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |             \
	 PMT_FORMAT_BIT(PMT_REPORT_CSV) | PMT_FORMAT_BIT(PMT_REPORT_FOLDED))
#define PMT_BLOCK_OPTIONS                                                                \
	(PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_MIN_SHARE |     \
	 PMT_TAKES_THREAD | PMT_TAKES_SOURCE | PMT_TAKES_MARKS | PMT_TAKES_BY)

/* What the request wants a row to be, and whether it is whole stacks. */
enum pmt_block_spot pmt_block_spot(const struct pmt_report_request *request);
bool pmt_block_by_stack(const struct pmt_report_request *request);

/* Whether the program set the request's marks; has said which it did not. */
bool pmt_block_check_marks(const struct pmt_report_request *request,
			   const struct pmt_block_history *blocks);

/* Whether the trace can answer: `what` (NULL: the options of the request) takes single
 * blocks, which a trace of detail=live has not. Has said so. */
bool pmt_block_check_stream(const struct pmt_report_request *request,
			    const struct pmt_block_history *blocks, const char *what);

/* "1 MiB in 20 KIND blocks", and in a sampled trace of how many samples it is an
 * estimate. kind is empty, or ends in a space. */
void pmt_block_print_totals(const struct pmt_report_request *request,
			    const struct pmt_model *shown, const char *kind);

/* The metrics' columns in a row of CSV, and their heads. */
void pmt_block_csv_heads(struct pmt_csv *csv, const struct pmt_metric *metrics);
void pmt_block_csv_figures(struct pmt_csv *csv, const struct pmt_metric *metrics,
			   const struct pmt_figures *self,
			   const struct pmt_figures *inclusive);

/* Shows it. An exit code; has said why. */
int pmt_block_view_run(const struct pmt_report_request *request,
		       const struct pmt_block_view *view);

#endif
