/* A figure as text. */
#include "report/metric.h"

#include <string.h>

const char *pmt_metric_text(char text[PMT_FIGURE_BYTES], const struct pmt_metric *metric,
			    const struct pmt_figures *figures,
			    const struct pmt_model *model, bool exact)
{
	int64_t value = metric->get(figures, model->page_bytes);

	if (!metric->is_measured(&model->measured))
		return strcpy(text, "-");
	if (strcmp(metric->key, "calls") == 0 && value == 0)
		return strcpy(text, "-"); /* [outside Python]: nobody calls it */
	switch (metric->unit) {
	case PMT_UNIT_COUNT:
		return pmt_figure_count(text, (uint64_t)value, exact);
	case PMT_UNIT_BYTES:
		return pmt_figure_bytes(text, (uint64_t)value, exact);
	case PMT_UNIT_TIME:
		return pmt_figure_duration(text, value);
	case PMT_UNIT_CHANGE:
		break;
	}
	return pmt_figure_change(text, value, exact);
}
