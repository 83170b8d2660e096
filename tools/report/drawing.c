/* Charts of the timeline. */
#include "report/drawing.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/timeline_points.h"
#include "cli/chart.h"
#include "cli/figure_text.h"

enum { MARGIN_COLUMNS = 16, COLUMNS_MIN = 10 };

unsigned pmt_drawing_columns(const struct pmt_report_request *request)
{
	return request->width_columns > MARGIN_COLUMNS + 1 + COLUMNS_MIN
		   ? request->width_columns - MARGIN_COLUMNS - 1
		   : COLUMNS_MIN;
}

unsigned pmt_drawing_series(const struct pmt_report_request *request, const char *name,
			    const int64_t *values, unsigned rows)
{
	char label[PMT_FIGURE_BYTES + 16];
	char size[PMT_FIGURE_BYTES];
	unsigned columns = pmt_drawing_columns(request);
	struct pmt_chart chart = {.values = values,
				  .columns = columns,
				  .rows = rows,
				  .margin = MARGIN_COLUMNS,
				  .label = label,
				  .ascii = request->ascii,
				  .color = request->color};

	for (unsigned i = 0; i < columns; i++) {
		if (values[i] != PMT_CHART_NO_VALUE && values[i] > chart.highest)
			chart.highest = values[i];
	}
	if (chart.highest <= 0)
		return 0;
	snprintf(label, sizeof(label), "%s %s", name,
		 pmt_figure_bytes(size, (uint64_t)chart.highest, false));
	pmt_chart_draw(request->out, &chart);
	return rows;
}

unsigned pmt_drawing_axis(const struct pmt_report_request *request,
			  const struct pmt_analysis *a, uint64_t from_tick)
{
	const char *line = request->ascii ? "-" : "\xe2\x94\x80";
	char from[PMT_FIGURE_BYTES], to[PMT_FIGURE_BYTES];
	uint64_t end = a->model->last_tick;
	unsigned columns = pmt_drawing_columns(request);

	fprintf(request->out, "%*s%s", MARGIN_COLUMNS, "0",
		request->ascii ? "+" : "\xe2\x94\x94");
	for (unsigned i = 0; i < columns; i++)
		fputs(line, request->out);
	pmt_figure_duration(from, pmt_analysis_since_start_ns(a, from_tick));
	pmt_figure_duration(to, pmt_analysis_since_start_ns(a, end));
	fprintf(request->out, "\n%*s%s%*s\n", MARGIN_COLUMNS + 1, "", from,
		(int)(columns - strlen(from)), to);
	return 2;
}

unsigned pmt_drawing_print(const struct pmt_report_request *request,
			   const struct pmt_analysis *a, unsigned rss_rows,
			   unsigned heap_rows)
{
	unsigned columns = pmt_drawing_columns(request);
	int64_t *values = malloc(columns * sizeof(*values));
	struct pmt_timeline_point *points = NULL;
	uint32_t count = 0;
	unsigned lines = 0;

	if (!values ||
	    pmt_timeline_points_new(a->model, columns, true, &points, &count) != 0 ||
	    count < columns)
		goto out;
	for (uint32_t i = 0; i < columns; i++)
		values[i] =
		    points[i].rss_known ? points[i].rss_max_bytes : PMT_CHART_NO_VALUE;
	lines += pmt_drawing_series(request, "RSS", values, rss_rows);
	for (uint32_t i = 0; i < columns; i++)
		values[i] =
		    points[i].heap_known ? points[i].heap_max_bytes : PMT_CHART_NO_VALUE;
	if (heap_rows > 0)
		lines += pmt_drawing_series(request, "heap", values, heap_rows);
	if (lines > 0)
		lines += pmt_drawing_axis(request, a, points[0].from_tick);
out:
	free(points);
	free(values);
	return lines;
}
