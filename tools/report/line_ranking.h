/* Source lines in the order of a figure: filtered, sorted, cut. */
#ifndef PMT_REPORT_LINE_RANKING_H
#define PMT_REPORT_LINE_RANKING_H

#include "analysis/lines.h"
#include "base/attr.h"
#include "report/metric.h"
#include "report/request.h"

struct pmt_line_ranking {
	struct pmt_line *rows; /* number 0, before the first line, became the def's */
	uint32_t count;        /* shown */
	uint32_t matched;
	const struct pmt_metric *metric; /* NULL: by place in the source */
};

#define PMT_LINE_KEYS PMT_METRIC_KEYS " place"

/* 0 or -ENOMEM; free it in the end. */
int pmt_line_ranking_new(const struct pmt_report_request *request,
			 const struct pmt_model *model, uint32_t default_limit,
			 struct pmt_line_ranking *ret_ranking) PMT_MUST_CHECK;
void pmt_line_ranking_free(struct pmt_line_ranking *ranking);

#endif
