/* Figures of analysis/metric.h as text. */
#ifndef PMT_REPORT_METRIC_H
#define PMT_REPORT_METRIC_H

#include "analysis/metric.h"
#include "cli/figure_text.h"

/* The value as text, "-" when it was not measured. Returns text. */
const char *pmt_metric_text(char text[PMT_FIGURE_BYTES], const struct pmt_metric *metric,
			    const struct pmt_figures *figures,
			    const struct pmt_model *model, bool exact);

#endif
