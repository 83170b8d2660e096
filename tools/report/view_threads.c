/* The view "threads": what each thread did, and when it lived. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/paint.h"
#include "report/columns.h"
#include "report/csv.h"
#include "report/json_stream.h"
#include "report/label.h"
#include "report/load.h"
#include "report/threads.h"
#include "report/truth.h"
#include "report/view.h"

static void print_life(const struct pmt_report_request *request,
		       const struct pmt_analysis *a, const struct pmt_stream_state *s)
{
	char from[PMT_FIGURE_BYTES], to[PMT_FIGURE_BYTES];

	fprintf(request->out, "%s  %s to %s%s", pmt_paint(request->color, PMT_PAINT_DIM),
		pmt_figure_duration(from, pmt_analysis_since_start_ns(a, s->first_tick)),
		pmt_figure_duration(to, pmt_analysis_since_start_ns(a, s->last_tick)),
		pmt_paint(request->color, PMT_PAINT_NONE));
}

static int print_text(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, const uint32_t *order, uint32_t count)
{
	static const char *const keys[] = {"net",   "rss-net", "calls", "objects",
					   "freed", "rss-up",  NULL};
	const struct pmt_model *model = a->model;
	struct pmt_columns columns =
	    pmt_columns_choose(request, model, pmt_metric_find("allocated"), keys);
	char name[64];

	pmt_columns_print_headings(request, &columns, "thread");
	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_stream_state *s = &model->streams.items[order[i]];
		unsigned used;

		pmt_columns_print(request, &columns, &s->totals, model);
		used = pmt_label_print_text(request,
					    pmt_threads_name(a, s, name, sizeof(name)),
					    columns.label_columns);
		/* "  12.34 s to 12.34 s" */
		if (used + 24 <= columns.label_columns)
			print_life(request, a, s);
		fputc('\n', request->out);
	}
	if (count == 0)
		fputs("  no threads\n", request->out);
	pmt_truth_print(request, a);
	return PMT_EXIT_OK;
}

static json_t *thread_object(const struct pmt_analysis *a,
			     const struct pmt_stream_state *s)
{
	const struct pmt_thread_info *t = pmt_tables_thread(a->tables, s->number);
	bool known = t && t->defined;
	json_t *object = json_object();

	json_object_set_new(object, "stream", json_integer(s->number));
	json_object_set_new(object, "tid", known ? json_integer(t->os_tid) : json_null());
	json_object_set_new(object, "name", known ? pmt_json_text(t->name) : json_null());
	json_object_set_new(object, "main", json_boolean(known && t->is_main));
	json_object_set_new(object, "rss_method",
			    known ? json_string(pmt_rss_method_name(t->rss_method))
				  : json_null());
	json_object_set_new(object, "from_ns",
			    json_integer(pmt_analysis_since_start_ns(a, s->first_tick)));
	json_object_set_new(object, "to_ns",
			    json_integer(pmt_analysis_since_start_ns(a, s->last_tick)));
	json_object_set_new(object, "events", json_integer((json_int_t)s->event_count));
	json_object_set_new(object, "calls",
			    a->model->measured.calls
				? json_integer((json_int_t)s->totals.call_count)
				: json_null());
	json_object_set_new(object, "depth_max", json_integer(s->depth_max));
	json_object_set_new(object, "missing_bytes",
			    json_integer((json_int_t)s->gap_bytes));
	json_object_set_new(object, "totals", pmt_json_part(&s->totals, a->model));
	return object;
}

static int print_json(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, const uint32_t *order, uint32_t count)
{
	struct pmt_json_stream stream;

	pmt_json_stream_begin(&stream, request->out, a, "threads");
	for (uint32_t i = 0; i < count; i++)
		pmt_json_stream_add(&stream,
				    thread_object(a, &a->model->streams.items[order[i]]));
	return pmt_json_stream_end(&stream);
}

static int print_csv(const struct pmt_report_request *request,
		     const struct pmt_analysis *a, const uint32_t *order, uint32_t count)
{
	static const char *const heads[] = {"stream",  "tid",   "name",
					    "from_ns", "to_ns", "events"};
	struct pmt_csv csv = {.out = request->out};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		pmt_csv_text(&csv, heads[i]);
	pmt_csv_part_header(&csv, "");
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_stream_state *s = &a->model->streams.items[order[i]];
		const struct pmt_thread_info *t = pmt_tables_thread(a->tables, s->number);

		pmt_csv_integer(&csv, s->number);
		if (t && t->defined)
			pmt_csv_integer(&csv, t->os_tid);
		else
			pmt_csv_empty(&csv);
		pmt_csv_text(&csv, t && t->defined ? t->name : NULL);
		pmt_csv_integer(&csv, pmt_analysis_since_start_ns(a, s->first_tick));
		pmt_csv_integer(&csv, pmt_analysis_since_start_ns(a, s->last_tick));
		pmt_csv_integer(&csv, (int64_t)s->event_count);
		pmt_csv_part(&csv, &s->totals, a->model);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

static int print_threads(const struct pmt_report_request *request,
			 const struct pmt_analysis *a, const uint32_t *order,
			 uint32_t count)
{
	switch (request->format) {
	case PMT_REPORT_JSON:
		return print_json(request, a, order, count);
	case PMT_REPORT_CSV:
		return print_csv(request, a, order, count);
	default:
		return print_text(request, a, order, count);
	}
}

static int run(const struct pmt_report_request *request)
{
	struct pmt_analysis a;
	uint32_t *order;
	uint32_t count;
	int code = pmt_report_load(request, false, &a);

	if (code != PMT_EXIT_OK)
		return code;
	if (pmt_threads_order(&a, &order, &count) != 0) {
		pmt_analysis_close(&a);
		return PMT_EXIT_UNREADABLE;
	}
	if (request->limit_count && request->limit_count < count)
		count = (uint32_t)request->limit_count;
	code = print_threads(request, &a, order, count);
	free(order);
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_threads = {
    .name = "threads",
    .summary = "what each thread did, and when it lived",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV),
    .options = PMT_TAKES_LIMIT,
    .run = run,
};
