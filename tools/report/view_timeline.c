/* The view "timeline": memory over time, the steepest rises with who made them, marks. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/timeline_points.h"
#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/csv.h"
#include "report/drawing.h"
#include "report/json_stream.h"
#include "report/label.h"
#include "report/load.h"
#include "report/order.h"
#include "report/ranking.h"
#include "report/truth.h"
#include "report/view.h"

enum { POINTS_DEFAULT = 200, RISES_DEFAULT = 10, RSS_ROWS = 12, HEAP_ROWS = 6 };

/* --- text ----------------------------------------------------------------------------
 */

static void print_rise(const struct pmt_report_request *request,
		       const struct pmt_analysis *a, const struct pmt_timeline_point *p)
{
	const struct pmt_model *model = a->model;
	char at[PMT_FIGURE_BYTES], size[PMT_FIGURE_BYTES];
	uint32_t function = model->tree.paths[p->rise_node].function;

	fprintf(request->out, "%11s %s%*s%s  ",
		pmt_figure_duration(at, pmt_analysis_since_start_ns(a, p->from_tick)),
		pmt_paint(request->color, PMT_PAINT_UP), request->exact_bytes ? 18 : 11,
		pmt_figure_change(size, p->rise_bytes, request->exact_bytes),
		pmt_paint(request->color, PMT_PAINT_NONE));
	pmt_label_print(request, &model->functions.items[function],
			request->width_columns > 45 ? request->width_columns - 25 : 20);
	fputc('\n', request->out);
}

/* The largest rises of RSS, by time. */
static void print_rises(const struct pmt_report_request *request,
			const struct pmt_analysis *a)
{
	struct pmt_timeline_point *points = NULL;
	struct pmt_order *order = NULL;
	uint32_t count = 0, shown = 0;
	uint32_t limit = request->limit_count && request->limit_count < UINT32_MAX
			     ? (uint32_t)request->limit_count
			     : RISES_DEFAULT;

	if (pmt_timeline_points_new(a->model, UINT32_MAX, false, &points, &count) != 0)
		return;
	order = malloc((count + 1) * sizeof(*order));
	for (uint32_t i = 0; order && i < count; i++) {
		if (points[i].rise_bytes > 0)
			order[shown++] = (struct pmt_order){points[i].rise_bytes, i};
	}
	if (shown > 0) {
		pmt_order_sort(order, shown, true);
		shown = shown < limit ? shown : limit;
		for (uint32_t i = 0; i < shown; i++)
			order[i].key = order[i].index;
		pmt_order_sort(order, shown, false);
		fprintf(request->out, "\n%s%11s %*s  rises of RSS%s\n",
			pmt_paint(request->color, PMT_PAINT_TITLE), "at",
			request->exact_bytes ? 18 : 11, "by",
			pmt_paint(request->color, PMT_PAINT_NONE));
		for (uint32_t i = 0; i < shown; i++)
			print_rise(request, a, &points[order[i].index]);
	}
	free(order);
	free(points);
}

static const char *mark_kind(uint8_t ext)
{
	switch (ext) {
	case PMT_EXT_REGION_BEGIN:
		return "begin";
	case PMT_EXT_REGION_END:
		return "end";
	default:
		return "mark";
	}
}

static void print_marks(const struct pmt_report_request *request,
			const struct pmt_analysis *a)
{
	const struct pmt_marks *marks = &a->model->marks;
	uint64_t limit = request->limit_count ? request->limit_count : 20;
	char at[PMT_FIGURE_BYTES];

	if (marks->total_count == 0)
		return;
	fprintf(request->out, "\n%s%11s  marks%s\n",
		pmt_paint(request->color, PMT_PAINT_TITLE), "at",
		pmt_paint(request->color, PMT_PAINT_NONE));
	for (uint32_t i = 0; i < marks->count && i < limit; i++) {
		const struct pmt_mark *mark = &marks->items[i];

		fprintf(
		    request->out, "%11s  %-5s ",
		    pmt_figure_duration(at, pmt_analysis_since_start_ns(a, mark->tick)),
		    mark_kind(mark->ext));
		pmt_label_print_text(
		    request, mark->text,
		    request->width_columns > 40 ? request->width_columns - 19 : 20);
		fputc('\n', request->out);
	}
	if (marks->total_count > limit)
		fprintf(request->out, "  and %" PRIu64 " more; --limit shows more\n",
			marks->total_count - limit);
}

static int print_text(const struct pmt_report_request *request,
		      const struct pmt_analysis *a)
{
	if (pmt_drawing_print(request, a, RSS_ROWS, HEAP_ROWS) == 0)
		fputs("  nothing was measured over time\n", request->out);
	if (!pmt_model_is_of_blocks(a->model))
		print_rises(request, a);
	print_marks(request, a);
	pmt_truth_print(request, a);
	return PMT_EXIT_OK;
}

/* --- data ----------------------------------------------------------------------------
 */

static json_t *known(bool is_known, int64_t value)
{
	return is_known ? json_integer(value) : json_null();
}

static void set_sample(json_t *o, const struct pmt_timeline_point *p)
{
	bool has = p->sample_count > 0;

	json_object_set_new(o, "vms_bytes", known(has, (int64_t)p->sample.vms_bytes));
	json_object_set_new(o, "shared_bytes",
			    known(has, (int64_t)p->sample.shared_bytes));
	json_object_set_new(o, "mapped_bytes", known(has, p->sample.mapped_bytes));
	json_object_set_new(o, "minor_faults",
			    known(has, (int64_t)p->sample.minor_faults));
	json_object_set_new(o, "major_faults",
			    known(has, (int64_t)p->sample.major_faults));
	json_object_set_new(o, "user_ms", known(has, (int64_t)p->sample.user_ms));
	json_object_set_new(o, "system_ms", known(has, (int64_t)p->sample.system_ms));
	json_object_set_new(o, "threads", known(has, (int64_t)p->sample.thread_count));
}

static json_t *point_object(const struct pmt_analysis *a,
			    const struct pmt_timeline_point *p)
{
	json_t *o = json_object();
	int64_t from = pmt_analysis_since_start_ns(a, p->from_tick);

	json_object_set_new(o, "time_ns", json_integer(from));
	json_object_set_new(
	    o, "duration_ns",
	    json_integer(pmt_analysis_since_start_ns(a, p->to_tick) - from));
	json_object_set_new(o, "events", json_integer((json_int_t)p->event_count));
	json_object_set_new(o, "samples", json_integer((json_int_t)p->sample_count));
	json_object_set_new(o, "rss_bytes", known(p->rss_known, p->rss_bytes));
	json_object_set_new(o, "rss_max_bytes", known(p->rss_known, p->rss_max_bytes));
	json_object_set_new(o, "heap_bytes", known(p->heap_known, p->heap_bytes));
	json_object_set_new(o, "heap_max_bytes", known(p->heap_known, p->heap_max_bytes));
	set_sample(o, p);
	return o;
}

static json_t *mark_list(const struct pmt_analysis *a)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < a->model->marks.count; i++) {
		const struct pmt_mark *mark = &a->model->marks.items[i];

		json_array_append_new(
		    list,
		    json_pack("{s:I, s:s, s:i, s:o}", "time_ns",
			      (json_int_t)pmt_analysis_since_start_ns(a, mark->tick),
			      "kind", mark_kind(mark->ext), "stream", (int)mark->stream,
			      "text", pmt_json_text(mark->text)));
	}
	return list;
}

static int print_json(const struct pmt_report_request *request,
		      const struct pmt_analysis *a,
		      const struct pmt_timeline_point *points, uint32_t count)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(list, point_object(a, &points[i]));
	return pmt_json_print(
	    request->out, json_pack("{s:o, s:o, s:o, s:I}", "trace", pmt_json_trace(a),
				    "timeline", list, "marks", mark_list(a), "mark_count",
				    (json_int_t)a->model->marks.total_count));
}

static int print_csv(const struct pmt_report_request *request,
		     const struct pmt_analysis *a,
		     const struct pmt_timeline_point *points, uint32_t count)
{
	static const char *const heads[] = {
	    "time_ns",   "duration_ns",   "events",     "samples",
	    "rss_bytes", "rss_max_bytes", "heap_bytes", "heap_max_bytes"};
	struct pmt_csv csv = {.out = request->out};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		pmt_csv_text(&csv, heads[i]);
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_timeline_point *p = &points[i];
		int64_t from = pmt_analysis_since_start_ns(a, p->from_tick);

		pmt_csv_integer(&csv, from);
		pmt_csv_integer(&csv, pmt_analysis_since_start_ns(a, p->to_tick) - from);
		pmt_csv_integer(&csv, (int64_t)p->event_count);
		pmt_csv_integer(&csv, (int64_t)p->sample_count);
		pmt_csv_integer_if(&csv, p->rss_known, p->rss_bytes);
		pmt_csv_integer_if(&csv, p->rss_known, p->rss_max_bytes);
		pmt_csv_integer_if(&csv, p->heap_known, p->heap_bytes);
		pmt_csv_integer_if(&csv, p->heap_known, p->heap_max_bytes);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

static int print_data(const struct pmt_report_request *request,
		      const struct pmt_analysis *a)
{
	uint64_t wanted = request->limit_count ? request->limit_count : POINTS_DEFAULT;
	struct pmt_timeline_point *points;
	uint32_t count;
	int code;

	if (pmt_timeline_points_new(a->model,
				    wanted < UINT32_MAX ? (uint32_t)wanted : UINT32_MAX,
				    false, &points, &count) != 0) {
		pmt_message_error("not enough memory for the timeline");
		return PMT_EXIT_UNREADABLE;
	}
	code = request->format == PMT_REPORT_JSON ? print_json(request, a, points, count)
						  : print_csv(request, a, points, count);
	free(points);
	return code;
}

static int run(const struct pmt_report_request *request)
{
	struct pmt_analysis a;
	int code = pmt_report_load(request, false, &a);

	if (code != PMT_EXIT_OK)
		return code;
	code = request->format == PMT_REPORT_TEXT ? print_text(request, &a)
						  : print_data(request, &a);
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_timeline = {
    .name = "timeline",
    .summary = "RSS and heap over time, the steepest rises, marks",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV),
    .options = PMT_TAKES_LIMIT,
    .run = run,
};
