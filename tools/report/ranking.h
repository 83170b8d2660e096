/* Functions in the order of a figure: filtered, sorted, cut. */
#ifndef PMT_REPORT_RANKING_H
#define PMT_REPORT_RANKING_H

#include "analysis/function_table.h"
#include "base/attr.h"
#include "report/metric.h"
#include "report/request.h"

#define PMT_RANKING_KEYS PMT_METRIC_KEYS " name file"

struct pmt_ranking {
	struct pmt_function_row *rows;
	uint32_t count;   /* shown: after filter and limit */
	uint32_t matched; /* after the filter */
	uint32_t total;
	const struct pmt_metric *metric; /* of the order; NULL for name and file */
};

/* The keys of columns for a trace of blocks and no calls (pmt_model_is_of_blocks); of
 * others keys itself. */
const char *const *pmt_ranking_columns(const struct pmt_model *model,
				       const char *const *keys);

/* The same for lines, of which little is known where only blocks have them. */
const char *const *pmt_ranking_line_columns(const struct pmt_model *model,
					    const char *const *keys);

/* The first of the keys, up to a NULL, that the trace measured; of a trace of blocks what
 * was allocated, of one that measured nothing calls. */
const struct pmt_metric *pmt_ranking_measured(const struct pmt_model *model,
					      const char *const *keys);

/* The figure that a view begins with where the user names none: what the trace measured
 * of RSS, allocations, objects, calls. */
const struct pmt_metric *pmt_ranking_default(const struct pmt_model *model);

/* All functions by request->sort, filter and limit (default_limit without one). 0 or
 * -ENOMEM; free it in the end. */
int pmt_ranking_new(const struct pmt_report_request *request,
		    const struct pmt_model *model, uint32_t default_limit,
		    struct pmt_ranking *ret_ranking) PMT_MUST_CHECK;
void pmt_ranking_free(struct pmt_ranking *ranking);

/* Orders rows by the self figures of metric, largest first. 0 or -ENOMEM. */
int pmt_ranking_sort(struct pmt_function_row *rows, uint32_t count,
		     const struct pmt_model *model,
		     const struct pmt_metric *metric) PMT_MUST_CHECK;

/* True when pattern (a glob) matches the function's name or its file: its whole path, or
 * the end of it behind a slash. */
bool pmt_ranking_matches(const struct pmt_function *function, const char *pattern);

#endif
