/* Fragmentation as a picture and a table. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/chart.h"
#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/paint.h"
#include "report/block_facts.h"
#include "report/drawing.h"
#include "report/fragmentation_print.h"
#include "report/label.h"

enum {
	CHART_ROWS = 6,
	TIME_COLUMNS = 11,
	FIGURE_COLUMNS = 11,
	EXACT_FIGURE_COLUMNS = 16,
	COLUMNS = 5, /* so many figures, the first ones */
};

static int64_t value_of(const struct pmt_fragmentation_row *row, unsigned chart)
{
	int64_t rest = pmt_fragmentation_rest(row);

	if (chart == 0)
		return (int64_t)row->rss_bytes;
	if (chart == 1)
		return (int64_t)pmt_fragmentation_live(row);
	return rest > 0 ? rest : 0;
}

/* A chart each of RSS, what is live, and the rest. */
static void draw(const struct pmt_report_request *request, const struct pmt_analysis *a)
{
	static const char *const names[] = {"RSS", "live", "rest"};
	const struct pmt_fragmentation *f = &a->model->fragmentation;
	unsigned columns = pmt_drawing_columns(request), lines = 0;
	int64_t *values = malloc(columns * sizeof(*values));
	uint64_t first = a->model->first_tick;
	uint64_t span = a->model->last_tick - first + 1;

	if (!values)
		return;
	for (unsigned chart = 0; chart < 3; chart++) {
		for (unsigned i = 0; i < columns; i++)
			values[i] = PMT_CHART_NO_VALUE;
		for (uint32_t i = 0; i < f->count; i++) {
			uint64_t since = f->rows[i].tick - first;
			unsigned at =
			    since < span
				? (unsigned)((double)since * columns / (double)span)
				: columns - 1;
			int64_t value = value_of(&f->rows[i], chart);

			if (at < columns && value > values[at])
				values[at] = value;
		}
		for (unsigned i = 1; i < columns; i++)
			if (values[i] == PMT_CHART_NO_VALUE)
				values[i] = values[i - 1];
		lines += pmt_drawing_series(request, names[chart], values, CHART_ROWS);
	}
	if (lines > 0)
		pmt_drawing_axis(request, a, first);
	free(values);
}

static void print_row(const struct pmt_report_request *request,
		      const struct pmt_analysis *a,
		      const struct pmt_fragmentation_row *row)
{
	int columns = request->exact_bytes ? EXACT_FIGURE_COLUMNS : FIGURE_COLUMNS;
	unsigned used = TIME_COLUMNS;
	int64_t figures[PMT_FRAGMENTATION_FIGURES];
	char text[PMT_FIGURE_BYTES];

	pmt_fragmentation_figures(a, row, figures);
	fprintf(request->out, "%*s", TIME_COLUMNS,
		pmt_figure_duration(text, pmt_analysis_since_start_ns(a, row->tick)));
	for (unsigned i = 0; i < COLUMNS; i++, used += (unsigned)columns) {
		if (i > 0 && used + (unsigned)columns > request->width_columns)
			break;
		if (figures[i] < 0)
			pmt_figure_change(text, figures[i], request->exact_bytes);
		else
			pmt_figure_bytes(text, (uint64_t)figures[i],
					 request->exact_bytes);
		fprintf(request->out, "%*s", columns, text);
	}
	double ratio = pmt_fragmentation_ratio(row);
	if (used + 8 <= request->width_columns && ratio > 0)
		fprintf(request->out, "%7.1fx", ratio);
	fputc('\n', request->out);
}

static void print_headings(const struct pmt_report_request *request)
{
	static const char *const heads[COLUMNS] = {"RSS", "live", "rest", "arenas",
						   "mapped"};
	int columns = request->exact_bytes ? EXACT_FIGURE_COLUMNS : FIGURE_COLUMNS;
	unsigned used = TIME_COLUMNS;

	fprintf(request->out, "\n%s%*s", pmt_paint(request->color, PMT_PAINT_TITLE),
		TIME_COLUMNS, "at");
	for (unsigned i = 0; i < COLUMNS; i++, used += (unsigned)columns) {
		if (i > 0 && used + (unsigned)columns > request->width_columns)
			break;
		fprintf(request->out, "%*s", columns, heads[i]);
	}
	if (used + 8 <= request->width_columns)
		fputs("   ratio", request->out);
	fprintf(request->out, "%s\n", pmt_paint(request->color, PMT_PAINT_NONE));
}

static void print_moment(const struct pmt_report_request *request,
			 const struct pmt_analysis *a, const char *title,
			 const struct pmt_fragmentation_row *row)
{
	char rest[PMT_FIGURE_BYTES], rss[PMT_FIGURE_BYTES], at[PMT_FIGURE_BYTES];
	int64_t bytes = pmt_fragmentation_rest(row);
	double ratio = pmt_fragmentation_ratio(row);
	char text[4 * PMT_FIGURE_BYTES], times[PMT_FIGURE_BYTES] = "";

	pmt_figure_bytes(rest, bytes > 0 ? (uint64_t)bytes : 0, request->exact_bytes);
	pmt_figure_bytes(rss, row->rss_bytes, request->exact_bytes);
	pmt_figure_duration(at, pmt_analysis_since_start_ns(a, row->tick));
	if (ratio > 0)
		snprintf(times, sizeof(times), ", RSS %.1fx live", ratio);
	snprintf(text, sizeof(text), "%-15s %s of %s RSS at %s%s", title, rest, rss, at,
		 times);
	pmt_label_print_text(request, text, request->width_columns);
	fputc('\n', request->out);
}

static void print_moments(const struct pmt_report_request *request,
			  const struct pmt_analysis *a)
{
	const struct pmt_fragmentation *f = &a->model->fragmentation;
	const struct pmt_fragmentation_row *most = pmt_fragmentation_most(f);
	const struct pmt_fragmentation_row *worst = pmt_fragmentation_worst(f);

	print_moment(request, a, "Most not live:", most);
	if (worst && worst != most)
		print_moment(request, a, "Worst ratio:", worst);
	fputc('\n', request->out);
}

int pmt_fragmentation_print_text(const struct pmt_report_request *request,
				 const struct pmt_analysis *a)
{
	const struct pmt_fragmentation *f = &a->model->fragmentation;
	uint32_t count = pmt_fragmentation_shown_count(request, f);

	if (a->model->measured.blocks && f->count > 0) {
		print_moments(request, a);
		draw(request, a);
		print_headings(request);
	} else if (a->model->measured.blocks) {
		fputs("This trace has no samples of RSS.\n", request->out);
	}
	for (uint32_t i = 0; a->model->measured.blocks && i < count; i++)
		print_row(request, a, pmt_fragmentation_shown(f, i, count));
	if (a->model->measured.blocks && count < f->count)
		fprintf(request->out, "%s%u of %u; --limit=all shows all%s\n",
			pmt_paint(request->color, PMT_PAINT_DIM), count, f->count,
			pmt_paint(request->color, PMT_PAINT_NONE));
	pmt_block_print_foot(request, a);
	return PMT_EXIT_OK;
}
