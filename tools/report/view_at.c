/* The view "at TIME": what was live at a moment. */
#include "report/block_view.h"
#include "report/label.h"
#include "report/view.h"

static void print_head(const struct pmt_report_request *request,
		       const struct pmt_analysis *a, const struct pmt_model *shown)
{
	const struct pmt_block_history *blocks = &a->model->block_history;
	char at[PMT_FIGURE_BYTES];

	pmt_block_print_totals(request, shown, "");
	fputs(" live ", request->out);
	if (blocks->to_tick == 0) {
		fputs("at the end\n\n", request->out);
		return;
	}
	fprintf(request->out, "at %s",
		pmt_figure_duration(at, pmt_analysis_since_start_ns(a, blocks->to_tick)));
	if (request->to_mark) {
		fputs(", the mark ", request->out);
		pmt_label_print_text(request, request->to_mark, 40);
	}
	fputs("\n\n", request->out);
}

static const struct pmt_block_view at = {
    .member = "at",
    .figure = PMT_BLOCKS_LEAKED,
    .metrics = pmt_live_metrics,
    .print_head = print_head,
};

static int run(const struct pmt_report_request *request)
{
	return pmt_block_view_run(request, &at);
}

const struct pmt_view pmt_view_at = {
    .name = "at",
    .summary = "what was live at a moment: 1.5 (s), 250ms, 50%, mark:NAME",
    .formats = PMT_BLOCK_FORMATS,
    .options = PMT_BLOCK_OPTIONS & ~(unsigned)PMT_TAKES_MARKS,
    .sort_keys = PMT_BLOCK_KEYS,
    .argument = "TIME",
    .run = run,
};
