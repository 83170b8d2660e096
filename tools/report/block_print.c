/* Blocks by spots: a table, JSON, CSV. */
#include "report/block_print.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/columns.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/label.h"
#include "report/ranking.h"
#include "report/source.h"
#include "report/truth.h"

enum { ROWS_DEFAULT = 20 };

/* Python's own first, then what passed it by. */
static const uint8_t domain_order[] = {PMT_PLACE_OBJECT, PMT_PLACE_MEM, PMT_PLACE_RAW,
				       PMT_PLACE_MALLOC, PMT_PLACE_MAPPED};

enum { DOMAINS = sizeof(domain_order) / sizeof(*domain_order) };

static bool split(const struct pmt_report_request *request, const struct pmt_analysis *a,
		  const struct pmt_block_view *view,
		  struct pmt_held ret_split[PMT_PLACE_KINDS])
{
	const struct pmt_block_model_options options = {
	    .figure = request->of_rss ? view->rss_figure : view->figure,
	    .thread = request->thread};

	return pmt_block_model_split(a, &options, ret_split);
}

/* --- text --- */

void pmt_block_print_head(const struct pmt_report_request *request,
			  const struct pmt_analysis *a, const struct pmt_block_view *view)
{
	struct pmt_held held[PMT_PLACE_KINDS];
	const char *separator = "";
	char text[PMT_FIGURE_BYTES];

	view->print_head(request, a, a->model);
	if (!split(request, a, view, held))
		return;
	for (unsigned i = 0; i < DOMAINS; i++) {
		uint8_t kind = domain_order[i];

		if (held[kind].count == 0)
			continue;
		fprintf(request->out, "%s%s %s", separator, pmt_place_domain(kind),
			pmt_figure_bytes(text, held[kind].bytes, request->exact_bytes));
		separator = ", ";
	}
	fputs(*separator ? "\n\n" : "", request->out);
}

static int print_text(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, const struct pmt_block_view *view,
		      const struct pmt_ranking *ranking)
{
	static const char *const titles[] = {"line",  "line",           "function",
					     "file",  "size asked for", "thread",
					     "stack", "domain"};
	struct pmt_columns columns =
	    pmt_columns_of(request, view->metrics, PMT_BLOCK_METRICS);
	struct pmt_source source = {0};

	if (a->clock.known)
		source.traced_ns = a->clock.realtime_ns;
	if (a->model->measured.blocks)
		pmt_block_print_head(request, a, view);
	if (ranking->count > 0)
		pmt_columns_print_headings(request, &columns, titles[request->by]);
	for (uint32_t i = 0; i < ranking->count; i++) {
		const struct pmt_function *f =
		    &a->model->functions.items[ranking->rows[i].function];

		pmt_columns_print(request, &columns, &ranking->rows[i].self, a->model);
		pmt_label_print(request, f, columns.label_columns);
		fputc('\n', request->out);
		if (request->show_source && request->by <= PMT_BY_LINE)
			pmt_label_print_source(request, &source, f->file, f->first_line,
					       columns.label_columns);
	}
	if (ranking->matched > ranking->count)
		fprintf(request->out, "%s%u of %u; --limit=all shows all%s\n",
			pmt_paint(request->color, PMT_PAINT_DIM), ranking->count,
			ranking->matched, pmt_paint(request->color, PMT_PAINT_NONE));
	pmt_source_close(&source);
	pmt_block_print_foot(request, a);
	return PMT_EXIT_OK;
}

static void print_apart(const struct pmt_report_request *request,
			const struct pmt_places *places)
{
	static const char *const words[PMT_PLACE_KINDS] = {
	    [PMT_PLACE_FILE] = "mapped files",
	    [PMT_PLACE_RESERVED] = "reserved addresses",
	    [PMT_PLACE_SHARED] = "shared memory",
	    [PMT_PLACE_ARENA] = "Python's arenas",
	};
	uint64_t bytes[PMT_PLACE_KINDS] = {0};
	const char *separator = "Apart from the heap, live: ";
	char text[PMT_FIGURE_BYTES];

	for (uint32_t i = 0; i < places->count; i++)
		bytes[places->items[i].kind] += places->items[i].live.bytes;
	for (unsigned kind = PMT_PLACE_FILE; kind < PMT_PLACE_KINDS; kind++) {
		if (bytes[kind] == 0)
			continue;
		fprintf(request->out, "%s%s %s", separator, words[kind],
			pmt_figure_bytes(text, bytes[kind], request->exact_bytes));
		separator = ", ";
	}
	if (*separator == ',')
		fputc('\n', request->out);
}

void pmt_block_print_foot(const struct pmt_report_request *request,
			  const struct pmt_analysis *a)
{
	const struct pmt_block_history *blocks = &a->model->block_history;
	const struct pmt_live_set *set = &blocks->set;

	if (!a->model->measured.blocks)
		fputs("This trace has no single blocks: trace with "
		      "PYMEMTRACE=mode=allocs.\n",
		      request->out);
	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	print_apart(request, &set->places);
	if (set->unknown_free_count > set->double_free_count)
		fprintf(request->out,
			"Frees of what was allocated before the trace: %" PRIu64 "\n",
			set->unknown_free_count - set->double_free_count);
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
	if (set->double_free_count > 0)
		fprintf(request->out, "Double frees: %" PRIu64 "\n",
			set->double_free_count);
	if (set->missed_free_count > 0)
		fprintf(request->out,
			"Freed unseen, as their addresses came again: %" PRIu64 "\n",
			set->missed_free_count);
	if (blocks->unplaced_count > 0)
		fprintf(request->out,
			"Left out, without an address behind a gap: %" PRIu64 "\n",
			blocks->unplaced_count);
	pmt_truth_print(request, a);
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

static json_t *count_json(uint64_t count)
{
	return json_integer((json_int_t)count);
}

static void set_held(json_t *object, const char *bytes_member, const char *count_member,
		     const struct pmt_held *held)
{
	json_object_set_new(object, bytes_member, count_json(pmt_held_bytes(held)));
	json_object_set_new(object, count_member, count_json(pmt_held_count(held)));
}

/* Null where it never was. */
static json_t *moment_ns(const struct pmt_analysis *a, uint64_t tick)
{
	return tick ? json_integer(pmt_analysis_since_start_ns(a, tick)) : json_null();
}

static void set_rss_peak(json_t *object, const struct pmt_analysis *a)
{
	const struct pmt_block_history *blocks = &a->model->block_history;
	const struct pmt_place_moment_state *moment =
	    &blocks->set.places.moments[PMT_MOMENT_RSS];
	bool is_known = moment->tick > 0 && !blocks->is_summed;

	json_object_set_new(object, "rss_peak_bytes",
			    is_known ? json_integer(blocks->rss_highest_bytes)
				     : json_null());
	if (is_known) {
		set_held(object, "rss_peak_live_bytes", "rss_peak_live_count",
			 &moment->heap);
	} else {
		json_object_set_new(object, "rss_peak_live_bytes", json_null());
		json_object_set_new(object, "rss_peak_live_count", json_null());
	}
	json_object_set_new(object, "rss_peak_at_ns",
			    moment_ns(a, is_known ? moment->tick : 0));
}

json_t *pmt_block_json(const struct pmt_analysis *a)
{
	const struct pmt_block_history *blocks = &a->model->block_history;
	const struct pmt_live_set *set = &blocks->set;
	const struct pmt_places *places = &set->places;
	const struct pmt_place_moment_state *peak = &places->moments[PMT_MOMENT_HEAP];
	json_t *object = json_object();
	double tick_ns = a->clock.known ? a->clock.ns_per_tick : 0;

	json_object_set_new(object, "measured", json_boolean(a->model->measured.blocks));
	set_held(object, "live_bytes", "live_count", &places->heap);
	set_held(object, "peak_bytes", "peak_count", &peak->heap);
	if (places->sample_mean_bytes) {
		json_object_set_new(object, "live_samples",
				    count_json(places->heap.sample_count));
		json_object_set_new(object, "peak_samples",
				    count_json(peak->heap.sample_count));
	}
	json_object_set_new(object, "peak_at_ns", moment_ns(a, peak->tick));
	set_rss_peak(object, a);
	json_object_set_new(object, "until_ns",
			    moment_ns(a, blocks->has_to ? blocks->to_tick : 0));
	json_object_set_new(
	    object, "order_bound_ns",
	    json_integer((json_int_t)((double)blocks->order.late_ticks * tick_ns)));
	json_object_set_new(object, "other_thread_frees",
			    count_json(set->other_thread_free_count));
	json_object_set_new(object, "unknown_frees",
			    count_json(set->unknown_free_count - set->double_free_count));
	json_object_set_new(object, "double_frees", count_json(set->double_free_count));
	json_object_set_new(object, "missed_frees", count_json(set->missed_free_count));
	json_object_set_new(object, "unplaced_records",
			    count_json(blocks->unplaced_count));
	return object;
}

static uint64_t arena_bytes(const struct pmt_places *places)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < places->count; i++)
		if (places->items[i].kind == PMT_PLACE_ARENA)
			bytes += places->items[i].live.bytes;
	return bytes;
}

json_t *pmt_block_json_of(const struct pmt_report_request *request,
			  const struct pmt_analysis *a, const struct pmt_block_view *view)
{
	json_t *object = pmt_block_json(a), *domains = json_object();
	struct pmt_held held[PMT_PLACE_KINDS];

	if (!split(request, a, view, held)) {
		json_decref(domains);
		return object;
	}
	for (unsigned i = 0; i < DOMAINS; i++) {
		json_t *domain = json_object();

		json_object_set_new(domain, "bytes",
				    count_json(held[domain_order[i]].bytes));
		json_object_set_new(domain, "count",
				    count_json(held[domain_order[i]].count));
		json_object_set_new(domains, pmt_place_domain(domain_order[i]), domain);
	}
	json_object_set_new(object, "domains", domains);
	json_object_set_new(object, "arena_bytes",
			    count_json(arena_bytes(&a->model->block_history.set.places)));
	return object;
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
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < ranking->count; i++) {
		const struct pmt_function_row *row = &ranking->rows[i];

		pmt_csv_function(&csv, a->model, row->function);
		pmt_block_csv_figures(&csv, view->metrics, &row->self, &row->inclusive);
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
