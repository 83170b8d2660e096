/* Columns of figures left of a label: as many as the width has room for. */
#ifndef PMT_REPORT_COLUMNS_H
#define PMT_REPORT_COLUMNS_H

#include "analysis/model.h"
#include "report/metric.h"
#include "report/request.h"

enum { PMT_COLUMNS_MAX = 12 };

struct pmt_columns {
	const struct pmt_metric *metrics[PMT_COLUMNS_MAX];
	unsigned count;
	unsigned figure_columns; /* of one figure, gap included */
	unsigned label_columns;  /* what is left for the label */
};

/* first: always shown, in front. keys: others by importance, ended by NULL; those that
 * this trace did not measure are left out. */
struct pmt_columns pmt_columns_choose(const struct pmt_report_request *request,
				      const struct pmt_model *model,
				      const struct pmt_metric *first,
				      const char *const *keys);

/* The same of metrics that no model has by name: the first always, the others as there is
 * room. */
struct pmt_columns pmt_columns_of(const struct pmt_report_request *request,
				  const struct pmt_metric *metrics, unsigned count);

/* The line of headings; label names the last column. */
void pmt_columns_print_headings(const struct pmt_report_request *request,
				const struct pmt_columns *columns, const char *label);

/* The figures of one row, and the gap to its label. */
void pmt_columns_print(const struct pmt_report_request *request,
		       const struct pmt_columns *columns,
		       const struct pmt_figures *figures, const struct pmt_model *model);

#endif
