/* Loading for the views. */
#include "report/load.h"

#include <stdio.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "report/open.h"

static int select_threads(const struct pmt_report_request *request,
			  struct pmt_analysis *analysis)
{
	if (!request->thread)
		return PMT_EXIT_OK;
	if (pmt_model_select_threads(analysis->model, request->thread) > 0)
		return PMT_EXIT_OK;
	pmt_message_error("--thread=%s: no such thread; 'pymemtrace-report threads' "
			  "lists them",
			  request->thread);
	return PMT_EXIT_USAGE;
}

static int load(const struct pmt_report_request *request,
		const struct pmt_model_options *model, struct pmt_analysis *ret_analysis)
{
	char what[300];
	char text[PMT_PROBLEM_PATH_BYTES + PMT_PROBLEM_TEXT_BYTES + 64];
	struct pmt_progress progress;
	struct pmt_problem problem;
	struct pmt_analysis_options options = {
	    .model = *model,
	    .progress = pmt_progress_show,
	    .progress_context = &progress,
	};

	snprintf(what, sizeof(what), "reading %s", request->trace_path);
	pmt_progress_begin(&progress, what);
	int error =
	    pmt_analysis_open(request->trace_path, &options, ret_analysis, &problem);
	pmt_progress_end(&progress);
	if (error) {
		pmt_message_error("%s",
				  pmt_problem_describe(&problem, text, sizeof(text)));
		return PMT_EXIT_UNREADABLE;
	}
	pmt_trace_set_progress(ret_analysis->trace, NULL, NULL);
	/* On stderr for every format: JSON on stdout stays JSON. */
	pmt_report_say_problems(ret_analysis->trace);
	int code = select_threads(request, ret_analysis);
	if (code != PMT_EXIT_OK)
		pmt_analysis_close(ret_analysis);
	return code;
}

int pmt_report_load(const struct pmt_report_request *request, bool by_thread,
		    struct pmt_analysis *ret_analysis)
{
	struct pmt_model_options model = {.by_thread = by_thread || request->thread};

	return load(request, &model, ret_analysis);
}

int pmt_report_load_blocks(const struct pmt_report_request *request,
			   struct pmt_analysis *ret_analysis)
{
	struct pmt_model_options model = {
	    .by_thread = request->thread != NULL,
	    .with_block_history = true,
	    .block_history = {.from_mark = request->from_mark,
			      .to_mark = request->to_mark,
			      .temporary_within = request->within_count,
			      .by_size = request->by == PMT_BY_SIZE},
	    .block_history_to = request->when,
	};

	return load(request, &model, ret_analysis);
}

int pmt_report_load_until(const struct pmt_report_request *request, enum pmt_until until,
			  bool of_blocks, struct pmt_analysis *ret_analysis)
{
	struct pmt_model_options model = {
	    .by_thread = request->thread != NULL,
	    .with_block_history = of_blocks,
	    /* The stretch tells where it ends. */
	    .block_history = {.to_mark = PMT_TO_EXIT,
			      .by_size = request->by == PMT_BY_SIZE},
	    .stretch = {.from = request->from_mark,
			.to = request->to_mark,
			.region = request->region},
	    .until = until,
	};

	return load(request, &model, ret_analysis);
}

int pmt_report_load_counts(const struct pmt_report_request *request,
			   struct pmt_analysis *ret_analysis)
{
	struct pmt_model_options model = {.counts_only = true};

	return load(request, &model, ret_analysis);
}

int pmt_report_verdict(const struct pmt_report_request *request,
		       const struct pmt_losses *losses)
{
	if (!request->strict || losses->complete)
		return PMT_EXIT_OK;
	pmt_message_error("--strict: the trace is incomplete%s",
			  !losses->ended                  ? ": it has no end"
			  : losses->how == PMT_END_SIGNAL ? ": the process was killed"
							  : "");
	return PMT_EXIT_INCOMPLETE;
}
