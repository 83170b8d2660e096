/* Facts of a trace's blocks, for text and JSON. */
#include "report/block_facts.h"

#include <inttypes.h>

#include "cli/paint.h"
#include "report/columns.h"
#include "report/json.h"
#include "report/truth.h"

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
