/* The view "leaks": what was allocated and is live at the end, or at a mark. */
#include <string.h>

#include "report/block_view.h"
#include "report/view.h"

static void print_head(const struct pmt_report_request *request,
		       const struct pmt_analysis *a, const struct pmt_model *shown)
{
	const char *to = request->to_mark;
	const char *at = to && strcmp(to, PMT_TO_EXIT) != 0 ? "at the mark"
			 : a->model->block_history.has_to   ? "where Python began to end"
							    : "at the end";

	pmt_block_print_totals(request, shown, "");
	fprintf(request->out, ", %slive %s\n\n",
		request->from_mark ? "allocated behind the first mark, " : "", at);
}

static const struct pmt_block_view leaks = {
    .member = "leaks",
    .figure = PMT_BLOCKS_LEAKED,
    .metrics = pmt_leak_metrics,
    .print_head = print_head,
    .tells_own = true,
};

static int run(const struct pmt_report_request *request)
{
	return pmt_block_view_run(request, &leaks);
}

const struct pmt_view pmt_view_leaks = {
    .name = "leaks",
    .summary = "who allocated what is still live (mode=allocs, objects)",
    .formats = PMT_BLOCK_FORMATS,
    .options = PMT_BLOCK_OPTIONS,
    .sort_keys = PMT_BLOCK_KEYS,
    .run = run,
};
