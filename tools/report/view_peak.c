/* The view "peak": what was live when the heap held most. */
#include <inttypes.h>

#include "report/block_view.h"
#include "report/view.h"

static void print_head(const struct pmt_report_request *request,
		       const struct pmt_analysis *a, const struct pmt_model *shown)
{
	const struct pmt_block_history *blocks = &a->model->block_history;
	const struct pmt_place_moment_state *moment =
	    &blocks->set.places
		 .moments[request->of_rss ? PMT_MOMENT_RSS : PMT_MOMENT_HEAP];
	char at[PMT_FIGURE_BYTES];
	double late_ns = (double)blocks->order.late_ticks * a->clock.ns_per_tick;

	if (request->of_rss && blocks->rss_highest_bytes <= 0) {
		fputs("RSS was not measured.\n", request->out);
		return;
	}
	pmt_block_print_totals(request, shown, "");
	fprintf(request->out, " live at %s peak",
		request->of_rss ? "RSS's" : "the heap's");
	if (request->of_rss)
		fprintf(request->out, " of %s",
			pmt_figure_bytes(at, (uint64_t)blocks->rss_highest_bytes,
					 request->exact_bytes));
	if (moment->tick)
		fprintf(request->out, ", at %s",
			pmt_figure_duration(
			    at, pmt_analysis_since_start_ns(a, moment->tick)));
	if (blocks->order.late_count > 0 && late_ns >= 0 && late_ns < 1e15)
		fprintf(request->out, "\n(order of threads known to %s)",
			pmt_figure_duration(at, (int64_t)late_ns));
	fputs("\n\n", request->out);
}

static const struct pmt_block_view peak = {
    .member = "peak",
    .figure = PMT_BLOCKS_AT_PEAK,
    .rss_figure = PMT_BLOCKS_AT_RSS_PEAK,
    .metrics = pmt_peak_metrics,
    .print_head = print_head,
};

static int run(const struct pmt_report_request *request)
{
	return pmt_block_view_run(request, &peak);
}

const struct pmt_view pmt_view_peak = {
    .name = "peak",
    .summary = "what was live when the heap or RSS was highest (mode=allocs, objects)",
    .formats = PMT_BLOCK_FORMATS,
    .options = PMT_BLOCK_OPTIONS | PMT_TAKES_OF,
    .sort_keys = PMT_BLOCK_KEYS,
    .run = run,
};
