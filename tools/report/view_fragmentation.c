/* The view "fragmentation": what is live in the heap against what the process has, over
 * time. */
#include <stdlib.h>
#include <string.h>

#include "analysis/fragmentation.h"
#include "cli/chart.h"
#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/block_facts.h"
#include "report/block_view.h"
#include "report/csv.h"
#include "report/drawing.h"
#include "report/json.h"
#include "report/label.h"
#include "report/load.h"
#include "report/view.h"

enum {
	ROWS_DEFAULT = 12, /* in text */
	CHART_ROWS = 6,
	TIME_COLUMNS = 11,
	FIGURE_COLUMNS = 11,
	EXACT_COLUMNS = 16,
	FIGURES = 5,
};

/* In the order of columns; of data all of these. */
static const char *const members[] = {"rss_bytes",   "live_bytes",   "rest_bytes",
				      "arena_bytes", "mapped_bytes", "shared_bytes"};
enum { MEMBERS = sizeof(members) / sizeof(*members) };

/* Which pieces are arenas: Python 3.10 made them larger. */
static enum pmt_arena_kind arena_kind(const struct pmt_analysis *a)
{
	const char *version = pmt_tables_info(a->tables, "python_version");
	int is_old = version && strncmp(version, "3.", 2) == 0 && version[2] >= '0' &&
		     version[2] <= '9' && version[3] == '.';

	return is_old ? PMT_ARENA_256K : PMT_ARENA_1M;
}

static void figures_of(const struct pmt_analysis *a,
		       const struct pmt_fragmentation_row *row, int64_t figures[MEMBERS])
{
	figures[0] = (int64_t)row->rss_bytes;
	figures[1] = (int64_t)pmt_fragmentation_live(row);
	figures[2] = pmt_fragmentation_rest(row);
	figures[3] = (int64_t)row->arenas[arena_kind(a)];
	figures[4] = (int64_t)row->mapped_bytes;
	figures[5] = (int64_t)row->shared_bytes;
}

/* The row that stands for part i of count equal parts: where most was not live. */
static const struct pmt_fragmentation_row *row_of(const struct pmt_fragmentation *f,
						  uint32_t i, uint32_t count)
{
	uint32_t from = (uint32_t)((uint64_t)i * f->count / count);
	uint32_t to = (uint32_t)((uint64_t)(i + 1) * f->count / count);
	const struct pmt_fragmentation_row *row = &f->rows[from];

	for (uint32_t k = from + 1; k < to; k++)
		if (pmt_fragmentation_rest(&f->rows[k]) > pmt_fragmentation_rest(row))
			row = &f->rows[k];
	return row;
}

static uint32_t row_count(const struct pmt_report_request *request,
			  const struct pmt_fragmentation *f)
{
	uint64_t limit = request->limit_count                 ? request->limit_count
			 : request->format == PMT_REPORT_TEXT ? ROWS_DEFAULT
							      : UINT32_MAX;

	return limit < f->count ? (uint32_t)limit : f->count;
}

/* --- text --- */

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
	int columns = request->exact_bytes ? EXACT_COLUMNS : FIGURE_COLUMNS;
	unsigned used = TIME_COLUMNS;
	int64_t figures[MEMBERS];
	char text[PMT_FIGURE_BYTES];

	figures_of(a, row, figures);
	fprintf(request->out, "%*s", TIME_COLUMNS,
		pmt_figure_duration(text, pmt_analysis_since_start_ns(a, row->tick)));
	for (unsigned i = 0; i < FIGURES; i++, used += (unsigned)columns) {
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
	static const char *const heads[FIGURES] = {"RSS", "live", "rest", "arenas",
						   "mapped"};
	int columns = request->exact_bytes ? EXACT_COLUMNS : FIGURE_COLUMNS;
	unsigned used = TIME_COLUMNS;

	fprintf(request->out, "\n%s%*s", pmt_paint(request->color, PMT_PAINT_TITLE),
		TIME_COLUMNS, "at");
	for (unsigned i = 0; i < FIGURES; i++, used += (unsigned)columns) {
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

static int print_text(const struct pmt_report_request *request,
		      const struct pmt_analysis *a)
{
	const struct pmt_fragmentation *f = &a->model->fragmentation;
	uint32_t count = row_count(request, f);

	if (a->model->measured.blocks && f->count > 0) {
		print_moments(request, a);
		draw(request, a);
		print_headings(request);
	} else if (a->model->measured.blocks) {
		fputs("This trace has no samples of RSS.\n", request->out);
	}
	for (uint32_t i = 0; a->model->measured.blocks && i < count; i++)
		print_row(request, a, row_of(f, i, count));
	if (a->model->measured.blocks && count < f->count)
		fprintf(request->out, "%s%u of %u; --limit=all shows all%s\n",
			pmt_paint(request->color, PMT_PAINT_DIM), count, f->count,
			pmt_paint(request->color, PMT_PAINT_NONE));
	pmt_block_print_foot(request, a);
	return PMT_EXIT_OK;
}

/* --- data --- */

static json_t *row_json(const struct pmt_analysis *a,
			const struct pmt_fragmentation_row *row)
{
	json_t *object;
	int64_t figures[MEMBERS];

	if (!row)
		return json_null();
	object = json_object();
	figures_of(a, row, figures);
	json_object_set_new(object, "time_ns",
			    json_integer(pmt_analysis_since_start_ns(a, row->tick)));
	for (unsigned i = 0; i < MEMBERS; i++)
		json_object_set_new(object, members[i], json_integer(figures[i]));
	return object;
}

static int print_json(const struct pmt_report_request *request,
		      const struct pmt_analysis *a)
{
	const struct pmt_fragmentation *f = &a->model->fragmentation;
	uint32_t count = row_count(request, f);
	json_t *document = json_object(), *rows = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(rows, row_json(a, row_of(f, i, count)));
	json_object_set_new(document, "trace", pmt_json_trace(a));
	json_object_set_new(document, "blocks", pmt_block_json(a));
	json_object_set_new(document, "most", row_json(a, pmt_fragmentation_most(f)));
	json_object_set_new(document, "worst", row_json(a, pmt_fragmentation_worst(f)));
	json_object_set_new(document, "fragmentation", rows);
	return pmt_json_print(request->out, document);
}

static int print_csv(const struct pmt_report_request *request,
		     const struct pmt_analysis *a)
{
	const struct pmt_fragmentation *f = &a->model->fragmentation;
	uint32_t count = row_count(request, f);
	struct pmt_csv csv = {.out = request->out};

	pmt_csv_text(&csv, "time_ns");
	for (unsigned i = 0; i < MEMBERS; i++)
		pmt_csv_text(&csv, members[i]);
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_fragmentation_row *row = row_of(f, i, count);
		int64_t figures[MEMBERS];

		figures_of(a, row, figures);
		pmt_csv_integer(&csv, pmt_analysis_since_start_ns(a, row->tick));
		for (unsigned k = 0; k < MEMBERS; k++)
			pmt_csv_integer(&csv, figures[k]);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

static int run(const struct pmt_report_request *request)
{
	struct pmt_report_request whole = *request;
	char to_exit[] = PMT_TO_EXIT;
	struct pmt_analysis a;

	whole.to_mark = to_exit;
	int code = pmt_report_load_blocks(&whole, &a);
	if (code != PMT_EXIT_OK)
		return code;
	if (!pmt_block_check_stream(request, &a.model->block_history, "fragmentation")) {
		pmt_analysis_close(&a);
		return PMT_EXIT_USAGE;
	}
	switch (request->format) {
	case PMT_REPORT_JSON:
		code = print_json(request, &a);
		break;
	case PMT_REPORT_CSV:
		code = print_csv(request, &a);
		break;
	default:
		code = print_text(request, &a);
		break;
	}
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_fragmentation = {
    .name = "fragmentation",
    .summary = "live heap against RSS and arenas over time (mode=allocs)",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV),
    .options = PMT_TAKES_LIMIT,
    .run = run,
};
