/* Columns of figures. */
#include "report/columns.h"

#include <stdio.h>

#include "cli/paint.h"

enum {
	FIGURE_COLUMNS = 11,       /* "+1023.9 MiB" */
	EXACT_FIGURE_COLUMNS = 18, /* "-9,999,999,999,999" */
	GAP_COLUMNS = 1,
	LABEL_GAP_COLUMNS = 2,
	LABEL_COLUMNS_MIN = 34,
};

struct pmt_columns pmt_columns_choose(const struct pmt_report_request *request,
				      const struct pmt_model *model,
				      const struct pmt_metric *first,
				      const char *const *keys)
{
	struct pmt_columns columns = {
	    .figure_columns =
		(request->exact_bytes ? EXACT_FIGURE_COLUMNS : FIGURE_COLUMNS) +
		GAP_COLUMNS,
	};
	unsigned width = request->width_columns;
	unsigned used;

	columns.metrics[columns.count++] = first;
	used = columns.figure_columns + LABEL_GAP_COLUMNS;
	for (; *keys && columns.count < PMT_COLUMNS_MAX; keys++) {
		const struct pmt_metric *metric = pmt_metric_find(*keys);

		if (metric == first || !metric->is_measured(&model->measured))
			continue;
		if (used + columns.figure_columns + LABEL_COLUMNS_MIN > width)
			break;
		columns.metrics[columns.count++] = metric;
		used += columns.figure_columns;
	}
	columns.label_columns = used + 8 < width ? width - used : 8;
	return columns;
}

struct pmt_columns pmt_columns_of(const struct pmt_report_request *request,
				  const struct pmt_metric *metrics, unsigned count)
{
	struct pmt_columns columns = {
	    .figure_columns =
		(request->exact_bytes ? EXACT_FIGURE_COLUMNS : FIGURE_COLUMNS) +
		GAP_COLUMNS,
	};
	unsigned width = request->width_columns;
	unsigned used = LABEL_GAP_COLUMNS;

	for (unsigned i = 0; i < count && i < PMT_COLUMNS_MAX; i++) {
		if (i > 0 && used + columns.figure_columns + LABEL_COLUMNS_MIN > width)
			break;
		columns.metrics[columns.count++] = &metrics[i];
		used += columns.figure_columns;
	}
	columns.label_columns = used + 8 < width ? width - used : 8;
	return columns;
}

void pmt_columns_print_headings(const struct pmt_report_request *request,
				const struct pmt_columns *columns, const char *label)
{
	fputs(pmt_paint(request->color, PMT_PAINT_TITLE), request->out);
	for (unsigned i = 0; i < columns->count; i++)
		fprintf(request->out, "%*s", (int)columns->figure_columns,
			columns->metrics[i]->heading);
	fprintf(request->out, "%*s%s%s\n", LABEL_GAP_COLUMNS, "", label,
		pmt_paint(request->color, PMT_PAINT_NONE));
}

static enum pmt_paint paint_of(const struct pmt_metric *metric,
			       const struct pmt_figures *figures,
			       const struct pmt_model *model)
{
	if (metric->unit != PMT_UNIT_CHANGE || !metric->is_measured(&model->measured))
		return PMT_PAINT_NONE;
	int64_t value = metric->get(figures, model->page_bytes);
	return value > 0 ? PMT_PAINT_UP : value < 0 ? PMT_PAINT_DOWN : PMT_PAINT_NONE;
}

void pmt_columns_print(const struct pmt_report_request *request,
		       const struct pmt_columns *columns,
		       const struct pmt_figures *figures, const struct pmt_model *model)
{
	char text[PMT_FIGURE_BYTES];

	for (unsigned i = 0; i < columns->count; i++) {
		const struct pmt_metric *metric = columns->metrics[i];
		enum pmt_paint paint = paint_of(metric, figures, model);

		fprintf(
		    request->out, "%s%*s%s",
		    paint ? pmt_paint(request->color, paint) : "",
		    (int)columns->figure_columns,
		    pmt_metric_text(text, metric, figures, model, request->exact_bytes),
		    paint ? pmt_paint(request->color, PMT_PAINT_NONE) : "");
	}
	fprintf(request->out, "%*s", LABEL_GAP_COLUMNS, "");
}
