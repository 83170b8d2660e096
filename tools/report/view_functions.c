/* The view "functions": what each function did itself, and with all it called. */
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/columns.h"
#include "report/csv.h"
#include "report/json_stream.h"
#include "report/label.h"
#include "report/load.h"
#include "report/ranking.h"
#include "report/truth.h"
#include "report/view.h"

enum { ROWS_DEFAULT = 30 };

static void print_foot(const struct pmt_report_request *request,
		       const struct pmt_model *model, const struct pmt_ranking *ranking)
{
	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	if (ranking->matched > ranking->count)
		fprintf(request->out, "%u of %u functions; --limit=all shows all\n",
			ranking->count, ranking->matched);
	if (model->measured.paths)
		fprintf(request->out, "%s\n",
			request->sort_inclusive
			    ? "Each with all that it called."
			    : "Each by itself; --inclusive adds what it called.");
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
}

static int print_text(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, const struct pmt_ranking *ranking)
{
	static const char *const keys[] = {
	    "rss-net",      "allocated", "net",   "calls",    "objects",
	    "object-count", "rss-up",    "freed", "rss-down", NULL};
	const struct pmt_metric *first =
	    ranking->metric ? ranking->metric : pmt_ranking_default(a->model);
	struct pmt_columns columns = pmt_columns_choose(
	    request, a->model, first, pmt_ranking_columns(a->model, keys));

	pmt_columns_print_headings(request, &columns, "function");
	for (uint32_t i = 0; i < ranking->count; i++) {
		const struct pmt_function_row *row = &ranking->rows[i];

		pmt_columns_print(request, &columns,
				  request->sort_inclusive ? &row->inclusive : &row->self,
				  a->model);
		pmt_label_print(request, &a->model->functions.items[row->function],
				columns.label_columns);
		fputc('\n', request->out);
	}
	if (ranking->count == 0)
		fputs("  no functions\n", request->out);
	print_foot(request, a->model, ranking);
	pmt_truth_print(request, a);
	return PMT_EXIT_OK;
}

static int print_json(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, const struct pmt_ranking *ranking)
{
	struct pmt_json_stream stream;

	pmt_json_stream_begin(&stream, request->out, a, "functions");
	for (uint32_t i = 0; i < ranking->count; i++)
		pmt_json_stream_add(&stream,
				    pmt_json_function_row(a->model, &ranking->rows[i]));
	return pmt_json_stream_end(&stream);
}

static int print_csv(const struct pmt_report_request *request,
		     const struct pmt_analysis *a, const struct pmt_ranking *ranking)
{
	struct pmt_csv csv = {.out = request->out};

	pmt_csv_text(&csv, "function");
	pmt_csv_text(&csv, "file");
	pmt_csv_text(&csv, "line");
	pmt_csv_text(&csv, "calls");
	pmt_csv_part_header(&csv, "self_");
	pmt_csv_part_header(&csv, "inclusive_");
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < ranking->count; i++) {
		const struct pmt_function_row *row = &ranking->rows[i];

		pmt_csv_function(&csv, a->model, row->function);
		pmt_csv_calls(&csv, &row->self, a->model, row->function);
		pmt_csv_part(&csv, &row->self, a->model);
		pmt_csv_inclusive(&csv, &row->inclusive, a->model);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

static int print_ranking(const struct pmt_report_request *request,
			 const struct pmt_analysis *a, const struct pmt_ranking *ranking)
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
	struct pmt_ranking ranking;
	struct pmt_analysis a;
	int code = pmt_report_load(request, false, &a);

	if (code != PMT_EXIT_OK)
		return code;
	if (pmt_ranking_new(request, a.model, limit, &ranking) != 0) {
		pmt_message_error("not enough memory for the table of functions");
		code = PMT_EXIT_UNREADABLE;
	} else {
		code = print_ranking(request, &a, &ranking);
		pmt_ranking_free(&ranking);
	}
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_functions = {
    .name = "functions",
    .summary = "what each function did, itself and with all it called",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV),
    .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD,
    .sort_keys = PMT_RANKING_KEYS,
    .run = run,
};
