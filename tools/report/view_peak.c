/* The view "peak": what was live when the heap held most. */
#include <inttypes.h>

#include "report/block_view.h"
#include "report/view.h"

static void print_head(const struct pmt_report_request *request,
		       const struct pmt_analysis *a, const struct pmt_model *shown)
{
	const struct pmt_block_history *blocks = &a->model->block_history;
	const struct pmt_places *places = &blocks->set.places;
	char bytes[PMT_FIGURE_BYTES], count[PMT_FIGURE_BYTES], at[PMT_FIGURE_BYTES];
	double late_ns = (double)blocks->order.late_ticks * a->clock.ns_per_tick;

	fprintf(
	    request->out, "%s in %s blocks live at the heap's peak",
	    pmt_figure_bytes(bytes, shown->totals.allocated_bytes, request->exact_bytes),
	    pmt_figure_count(count, shown->totals.allocated_count, false));
	if (places->peak_tick)
		fprintf(request->out, ", at %s",
			pmt_figure_duration(
			    at, pmt_analysis_since_start_ns(a, places->peak_tick)));
	if (blocks->order.late_count > 0 && late_ns >= 0 && late_ns < 1e15)
		fprintf(request->out, " (order of threads known to %s)",
			pmt_figure_duration(at, (int64_t)late_ns));
	fputs("\n\n", request->out);
}

static const struct pmt_block_view peak = {
    .member = "peak",
    .figure = PMT_BLOCKS_AT_PEAK,
    .metrics = pmt_peak_metrics,
    .print_head = print_head,
};

static int run(const struct pmt_report_request *request)
{
	return pmt_block_view_run(request, &peak);
}

const struct pmt_view pmt_view_peak = {
    .name = "peak",
    .summary = "what was live when the heap held most (mode=allocs)",
    .formats = PMT_BLOCK_FORMATS,
    .options = PMT_BLOCK_OPTIONS,
    .sort_keys = PMT_BLOCK_KEYS,
    .run = run,
};
