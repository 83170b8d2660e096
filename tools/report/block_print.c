/* Blocks by spots: a table, JSON, CSV. */
#include "report/block_print.h"

#include "analysis/pythons_own.h"
#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/block_facts.h"
#include "report/columns.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/label.h"
#include "report/own_rows.h"
#include "report/ranking.h"
#include "report/source.h"

enum { ROWS_DEFAULT = 20, OWN_ROWS_DEFAULT = 5 };

/* --- text --- */

/* Of rows, `count` are to be shown. */
static void print_rows(const struct pmt_report_request *request,
		       const struct pmt_analysis *a, const struct pmt_columns *columns,
		       const struct pmt_function_row *rows, uint32_t count)
{
	struct pmt_source source = {0};

	if (a->clock.known)
		source.traced_ns = a->clock.realtime_ns;
	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_function *f =
		    &a->model->functions.items[rows[i].function];

		pmt_columns_print(request, columns, &rows[i].self, a->model);
		pmt_label_print(request, f, columns->label_columns);
		fputc('\n', request->out);
		if (request->show_source && request->by <= PMT_BY_LINE)
			pmt_label_print_source(request, &source, f->file, f->first_line,
					       columns->label_columns);
	}
	pmt_source_close(&source);
}

static void print_shown(const struct pmt_report_request *request, uint32_t shown,
			uint32_t all)
{
	if (all > shown)
		fprintf(request->out, "%s%u of %u; --limit=all shows all%s\n",
			pmt_paint(request->color, PMT_PAINT_DIM), shown, all,
			pmt_paint(request->color, PMT_PAINT_NONE));
}

/* What Python keeps for itself, behind the program's rows. */
static void print_own(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, const struct pmt_columns *columns,
		      const struct pmt_own_rows *own, bool is_first)
{
	uint64_t limit = request->limit_count ? request->limit_count : OWN_ROWS_DEFAULT;
	uint32_t shown = limit < own->count ? (uint32_t)limit : own->count;

	if (!own->count)
		return;
	fprintf(request->out, "%s%sPython's own: modules' code and names, its caches%s\n",
		is_first ? "" : "\n", pmt_paint(request->color, PMT_PAINT_TITLE),
		pmt_paint(request->color, PMT_PAINT_NONE));
	print_rows(request, a, columns, own->rows, shown);
	print_shown(request, shown, own->count);
}

static int print_text(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, const struct pmt_block_view *view,
		      struct pmt_ranking *ranking)
{
	static const char *const titles[] = {"line",  "line",           "function",
					     "file",  "size asked for", "thread",
					     "stack", "domain"};
	struct pmt_columns columns =
	    pmt_columns_of(request, view->metrics, PMT_BLOCK_METRICS);
	struct pmt_own_rows own = {0};
	uint32_t programs = ranking->matched;

	if (view->tells_own)
		programs =
		    pmt_own_rows_part(a->model, ranking->rows, ranking->matched, &own);
	uint32_t shown = ranking->count < programs ? ranking->count : programs;
	if (a->model->measured.blocks)
		pmt_block_print_head(request, a, view);
	if (ranking->count > 0)
		pmt_columns_print_headings(request, &columns, titles[request->by]);
	print_rows(request, a, &columns, ranking->rows, shown);
	print_shown(request, shown, programs);
	print_own(request, a, &columns, &own, shown == 0);
	pmt_block_print_foot(request, a);
	return PMT_EXIT_OK;
}

/* --- data --- */

static json_t *figures_json(const struct pmt_model *model,
			    const struct pmt_figures *figures,
			    const struct pmt_block_view *view)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < PMT_BLOCK_METRICS; i++)
		json_object_set_new(object, view->metrics[i].member,
				    json_integer(view->metrics[i].get(figures, 0)));
	if (model->sample_mean_bytes)
		json_object_set_new(object, "samples",
				    json_integer((json_int_t)figures->sample_count));
	return object;
}

static bool is_own(const struct pmt_model *model, const struct pmt_function_row *row)
{
	return pmt_function_is_pythons_own(&model->functions.items[row->function]);
}

static int print_json(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, const struct pmt_block_view *view,
		      const struct pmt_ranking *ranking)
{
	json_t *document = json_object(), *rows = json_array();

	for (uint32_t i = 0; i < ranking->count; i++) {
		const struct pmt_function_row *row = &ranking->rows[i];
		json_t *object = json_object();

		pmt_json_set_function(object, a->model, row->function);
		if (view->tells_own)
			json_object_set_new(object, "python_own",
					    json_boolean(is_own(a->model, row)));
		if (request->by == PMT_BY_DOMAIN)
			json_object_set(object, "domain",
					json_object_get(object, "function"));
		json_object_set_new(object, "self",
				    figures_json(a->model, &row->self, view));
		json_object_set_new(object, "inclusive",
				    figures_json(a->model, &row->inclusive, view));
		json_array_append_new(rows, object);
	}
	json_object_set_new(document, "trace", pmt_json_trace(a));
	json_object_set_new(document, "blocks", pmt_block_json_of(request, a, view));
	json_object_set_new(document, view->member, rows);
	return pmt_json_print(request->out, document);
}

static int print_csv(const struct pmt_report_request *request,
		     const struct pmt_analysis *a, const struct pmt_block_view *view,
		     const struct pmt_ranking *ranking)
{
	struct pmt_csv csv = {.out = request->out};

	pmt_csv_text(&csv, "function");
	pmt_csv_text(&csv, "file");
	pmt_csv_text(&csv, "line");
	pmt_block_csv_heads(&csv, view->metrics);
	if (view->tells_own)
		pmt_csv_text(&csv, "python_own");
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < ranking->count; i++) {
		const struct pmt_function_row *row = &ranking->rows[i];

		pmt_csv_function(&csv, a->model, row->function);
		pmt_block_csv_figures(&csv, view->metrics, &row->self, &row->inclusive);
		if (view->tells_own)
			pmt_csv_integer(&csv, is_own(a->model, row));
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

/* Spots that hold nothing themselves are only on somebody's way. */
static void drop_empty(const struct pmt_report_request *request,
		       struct pmt_ranking *ranking)
{
	uint32_t used = 0, limit = ranking->count;

	for (uint32_t i = 0; i < ranking->matched; i++) {
		const struct pmt_function_row *row = &ranking->rows[i];

		if (row->self.sample_count > 0 || row->self.allocated_bytes > 0 ||
		    request->sort_inclusive)
			ranking->rows[used++] = *row;
	}
	ranking->matched = used;
	ranking->count = limit < used ? limit : used;
}

int pmt_block_print_spots(const struct pmt_report_request *request,
			  const struct pmt_analysis *a, const struct pmt_block_view *view)
{
	uint32_t limit = request->format == PMT_REPORT_TEXT ? ROWS_DEFAULT : UINT32_MAX;
	struct pmt_ranking ranking;
	int code;

	if (pmt_ranking_new(request, a->model, limit, &ranking) != 0) {
		pmt_message_error("not enough memory for the table");
		return PMT_EXIT_UNREADABLE;
	}
	drop_empty(request, &ranking);
	if (request->format == PMT_REPORT_JSON)
		code = print_json(request, a, view, &ranking);
	else if (request->format == PMT_REPORT_CSV)
		code = print_csv(request, a, view, &ranking);
	else
		code = print_text(request, a, view, &ranking);
	pmt_ranking_free(&ranking);
	return code;
}
