/* The view "summary", shown when none is named: peaks, leaders, time, truth. */
#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/load.h"
#include "report/summary.h"
#include "report/view.h"

enum { ROWS_MAX = 1000 };

static int run(const struct pmt_report_request *request)
{
	uint64_t rows =
	    request->limit_count ? request->limit_count : PMT_SUMMARY_LIST_ROWS;
	struct pmt_summary summary;
	struct pmt_analysis a;
	int code = pmt_report_load_blocks(request, &a);

	if (code != PMT_EXIT_OK)
		return code;
	if (pmt_summary_new(&a, rows < ROWS_MAX ? (uint32_t)rows : ROWS_MAX, &summary)) {
		pmt_message_error("not enough memory for the summary");
		pmt_analysis_close(&a);
		return PMT_EXIT_UNREADABLE;
	}
	code = request->format == PMT_REPORT_JSON
		   ? pmt_summary_print_json(request, &a, &summary)
		   : pmt_summary_print_text(request, &a, &summary);
	pmt_summary_free(&summary);
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_summary = {
    .name = "summary",
    .summary = "one screen: peaks and who made them, leaders, losses",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON),
    .options = PMT_TAKES_LIMIT,
    .run = run,
};
