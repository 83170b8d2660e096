/* The view "lines": what happened while a source line ran, callees not included. */
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/columns.h"
#include "report/csv.h"
#include "report/json_stream.h"
#include "report/label.h"
#include "report/line_ranking.h"
#include "report/load.h"
#include "report/ranking.h"
#include "report/source.h"
#include "report/truth.h"
#include "report/view.h"

enum { ROWS_DEFAULT = 30 };

static void print_foot(const struct pmt_report_request *request,
		       const struct pmt_analysis *a,
		       const struct pmt_line_ranking *ranking,
		       const struct pmt_source *source)
{
	if (!a->model->measured.lines && a->model->summed_since_tick)
		fputs("This trace holds no lines and no events: its calls are summed "
		      "per call path (detail=tree).\n",
		      request->out);
	else if (!a->model->measured.lines)
		fputs("This trace has no lines: trace with PYMEMTRACE=mode=lines or "
		      "mode=allocs.\n",
		      request->out);
	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	if (ranking->matched > ranking->count)
		fprintf(request->out, "%u of %u lines; --limit=all shows all\n",
			ranking->count, ranking->matched);
	if (source->changed_count > 0)
		fprintf(request->out,
			"%llu source file%s changed since the trace: not shown\n",
			(unsigned long long)source->changed_count,
			source->changed_count == 1 ? "" : "s");
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
	pmt_truth_print(request, a);
}

static int print_text(const struct pmt_report_request *request,
		      const struct pmt_analysis *a,
		      const struct pmt_line_ranking *ranking)
{
	static const char *const keys[] = {"rss-net",      "allocated", "net",
					   "calls",        "objects",   "freed",
					   "object-count", NULL};
	const struct pmt_metric *first =
	    ranking->metric ? ranking->metric : pmt_metric_find("allocated");
	struct pmt_columns columns = pmt_columns_choose(
	    request, a->model, first, pmt_ranking_line_columns(a->model, keys));
	struct pmt_source source = {0};

	if (a->clock.known)
		source.traced_ns = a->clock.realtime_ns;
	if (ranking->count > 0)
		pmt_columns_print_headings(request, &columns, "line");
	for (uint32_t i = 0; i < ranking->count; i++) {
		const struct pmt_line *line = &ranking->rows[i];
		const struct pmt_function *f = &a->model->functions.items[line->function];

		pmt_columns_print(request, &columns, &line->self, a->model);
		pmt_label_print_line(request, f, line->number, columns.label_columns);
		fputc('\n', request->out);
		if (request->show_source)
			pmt_label_print_source(request, &source, f->file, line->number,
					       columns.label_columns);
	}
	print_foot(request, a, ranking, &source);
	pmt_source_close(&source);
	return PMT_EXIT_OK;
}

static int print_json(const struct pmt_report_request *request,
		      const struct pmt_analysis *a,
		      const struct pmt_line_ranking *ranking)
{
	struct pmt_json_stream stream;

	pmt_json_stream_begin(&stream, request->out, a, "lines");
	for (uint32_t i = 0; i < ranking->count; i++) {
		const struct pmt_line *line = &ranking->rows[i];
		json_t *object = json_object();

		pmt_json_set_function(object, a->model, line->function);
		json_object_set_new(object, "line", json_integer(line->number));
		json_object_set_new(object, "hits",
				    a->model->counts.points ||
					    pmt_model_lines_are_of_blocks(a->model)
					? json_null() /* most were left out */
					: json_integer((json_int_t)line->hit_count));
		json_object_set_new(object, "self", pmt_json_part(&line->self, a->model));
		pmt_json_stream_add(&stream, object);
	}
	return pmt_json_stream_end(&stream);
}

static int print_csv(const struct pmt_report_request *request,
		     const struct pmt_analysis *a, const struct pmt_line_ranking *ranking)
{
	struct pmt_csv csv = {.out = request->out};

	pmt_csv_text(&csv, "function");
	pmt_csv_text(&csv, "file");
	pmt_csv_text(&csv, "line");
	pmt_csv_text(&csv, "hits");
	pmt_csv_part_header(&csv, "self_");
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < ranking->count; i++) {
		const struct pmt_line *line = &ranking->rows[i];
		const struct pmt_function *f = &a->model->functions.items[line->function];

		pmt_csv_text(&csv, f->name);
		pmt_csv_text(&csv, f->file);
		pmt_csv_integer(&csv, line->number);
		if (a->model->counts.points || pmt_model_lines_are_of_blocks(a->model))
			pmt_csv_empty(&csv);
		else
			pmt_csv_integer(&csv, (int64_t)line->hit_count);
		pmt_csv_part(&csv, &line->self, a->model);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

static int print_ranking(const struct pmt_report_request *request,
			 const struct pmt_analysis *a,
			 const struct pmt_line_ranking *ranking)
{
	switch (request->format) {
	case PMT_REPORT_JSON:
		return print_json(request, a, ranking);
	case PMT_REPORT_CSV:
		return print_csv(request, a, ranking);
	default:
		return print_text(request, a, ranking);
	}
}

static int run(const struct pmt_report_request *request)
{
	uint32_t limit = request->format == PMT_REPORT_TEXT ? ROWS_DEFAULT : UINT32_MAX;
	struct pmt_line_ranking ranking;
	struct pmt_analysis a;
	int code = pmt_report_load(request, false, &a);

	if (code != PMT_EXIT_OK)
		return code;
	if (pmt_line_ranking_new(request, a.model, limit, &ranking) != 0) {
		pmt_message_error("not enough memory for the table of lines");
		code = PMT_EXIT_UNREADABLE;
	} else {
		code = print_ranking(request, &a, &ranking);
		pmt_line_ranking_free(&ranking);
	}
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_lines = {
    .name = "lines",
    .summary = "source lines by what happened while they ran (mode=lines)",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV),
    .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_SOURCE,
    .sort_keys = PMT_LINE_KEYS,
    .run = run,
};
