/* The view "fragmentation": what is live in the heap against what the process has, over
 * time. */
#include <string.h>

#include "cli/exit_code.h"
#include "report/block_facts.h"
#include "report/block_view.h"
#include "report/csv.h"
#include "report/fragmentation_print.h"
#include "report/json.h"
#include "report/load.h"
#include "report/view.h"

enum { ROWS_DEFAULT = 12 /* in text */ };

static const char *const members[PMT_FRAGMENTATION_FIGURES] = {
    "rss_bytes",   "live_bytes",   "rest_bytes",
    "arena_bytes", "mapped_bytes", "shared_bytes"};

/* Which pieces are arenas: Python 3.10 made them larger. */
static enum pmt_arena_kind arena_kind(const struct pmt_analysis *a)
{
	const char *version = pmt_tables_info(a->tables, "python_version");
	int is_old = version && strncmp(version, "3.", 2) == 0 && version[2] >= '0' &&
		     version[2] <= '9' && version[3] == '.';

	return is_old ? PMT_ARENA_256K : PMT_ARENA_1M;
}

void pmt_fragmentation_figures(const struct pmt_analysis *a,
			       const struct pmt_fragmentation_row *row,
			       int64_t figures[PMT_FRAGMENTATION_FIGURES])
{
	figures[0] = (int64_t)row->rss_bytes;
	figures[1] = (int64_t)pmt_fragmentation_live(row);
	figures[2] = pmt_fragmentation_rest(row);
	figures[3] = (int64_t)row->arenas[arena_kind(a)];
	figures[4] = (int64_t)row->mapped_bytes;
	figures[5] = (int64_t)row->shared_bytes;
}

const struct pmt_fragmentation_row *
pmt_fragmentation_shown(const struct pmt_fragmentation *f, uint32_t i, uint32_t count)
{
	uint32_t from = (uint32_t)((uint64_t)i * f->count / count);
	uint32_t to = (uint32_t)((uint64_t)(i + 1) * f->count / count);
	const struct pmt_fragmentation_row *row = &f->rows[from];

	for (uint32_t k = from + 1; k < to; k++)
		if (pmt_fragmentation_rest(&f->rows[k]) > pmt_fragmentation_rest(row))
			row = &f->rows[k];
	return row;
}

uint32_t pmt_fragmentation_shown_count(const struct pmt_report_request *request,
				       const struct pmt_fragmentation *f)
{
	uint64_t limit = request->limit_count                 ? request->limit_count
			 : request->format == PMT_REPORT_TEXT ? ROWS_DEFAULT
							      : UINT32_MAX;

	return limit < f->count ? (uint32_t)limit : f->count;
}

static json_t *row_json(const struct pmt_analysis *a,
			const struct pmt_fragmentation_row *row)
{
	json_t *object;
	int64_t figures[PMT_FRAGMENTATION_FIGURES];

	if (!row)
		return json_null();
	object = json_object();
	pmt_fragmentation_figures(a, row, figures);
	json_object_set_new(object, "time_ns",
			    json_integer(pmt_analysis_since_start_ns(a, row->tick)));
	for (unsigned i = 0; i < PMT_FRAGMENTATION_FIGURES; i++)
		json_object_set_new(object, members[i], json_integer(figures[i]));
	return object;
}

static int print_json(const struct pmt_report_request *request,
		      const struct pmt_analysis *a)
{
	const struct pmt_fragmentation *f = &a->model->fragmentation;
	uint32_t count = pmt_fragmentation_shown_count(request, f);
	json_t *document = json_object(), *rows = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(rows,
				      row_json(a, pmt_fragmentation_shown(f, i, count)));
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
	uint32_t count = pmt_fragmentation_shown_count(request, f);
	struct pmt_csv csv = {.out = request->out};

	pmt_csv_text(&csv, "time_ns");
	for (unsigned i = 0; i < PMT_FRAGMENTATION_FIGURES; i++)
		pmt_csv_text(&csv, members[i]);
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_fragmentation_row *row =
		    pmt_fragmentation_shown(f, i, count);
		int64_t figures[PMT_FRAGMENTATION_FIGURES];

		pmt_fragmentation_figures(a, row, figures);
		pmt_csv_integer(&csv, pmt_analysis_since_start_ns(a, row->tick));
		for (unsigned k = 0; k < PMT_FRAGMENTATION_FIGURES; k++)
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
		code = pmt_fragmentation_print_text(request, &a);
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
