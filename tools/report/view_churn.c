/* The view "churn": what was freed again by its own thread within a few allocations. */
#include <inttypes.h>

#include "report/block_view.h"
#include "report/view.h"

static void print_head(const struct pmt_report_request *request,
		       const struct pmt_analysis *a, const struct pmt_model *shown)
{
	const struct pmt_block_history *blocks = &a->model->block_history;

	pmt_block_print_totals(request, shown, "temporary ");
	if (blocks->is_summed)
		fputs(": freed before their thread allocated again\n\n", request->out);
	else
		fprintf(request->out,
			": freed within %" PRIu32 " allocations of their thread\n\n",
			blocks->set.temporary_within);
}

static const struct pmt_block_view churn = {
    .member = "churn",
    .figure = PMT_BLOCKS_TEMPORARY,
    .metrics = pmt_churn_metrics,
    .print_head = print_head,
};

static int run(const struct pmt_report_request *request)
{
	return pmt_block_view_run(request, &churn);
}

const struct pmt_view pmt_view_churn = {
    .name = "churn",
    .summary = "who allocates what is freed at once (mode=allocs, objects)",
    .formats = PMT_BLOCK_FORMATS,
    .options = PMT_BLOCK_OPTIONS | PMT_TAKES_WITHIN,
    .sort_keys = PMT_BLOCK_KEYS,
    .run = run,
};
