/*
 * The view "recover": folds the ring that a killed process left behind into its trace.
 * The only view that writes; what it did is its output.
 */
#include <inttypes.h>

#include "analysis/losses.h"
#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/message.h"
#include "reader/recover.h"
#include "report/open.h"
#include "report/view.h"

/* Why there was nothing to do. */
static const char *nothing_because(const struct pmt_trace *trace)
{
	switch (pmt_trace_ring(trace)->state) {
	case PMT_RING_CLOSED:
		return "its ring says that the trace holds everything";
	case PMT_RING_FOREIGN:
		return "the ring of that name belongs to another run";
	case PMT_RING_BAD:
		return "its ring cannot be read";
	case PMT_RING_PRIVATE:
		return "its ring was in the process's own memory and died with it";
	default:
		return "it has no ring any more";
	}
}

static void print_text(const struct pmt_report_request *request,
		       const struct pmt_trace *trace, const struct pmt_recovery *r)
{
	char from_ring[PMT_FIGURE_BYTES], size[PMT_FIGURE_BYTES];
	FILE *out = request->out;

	if (!r->written) {
		fprintf(out, "%s: nothing to recover: %s\n", r->path,
			nothing_because(trace));
		return;
	}
	fprintf(out, "%s: %s, of these %s of records from the ring%s\n", r->path,
		pmt_figure_bytes(size, r->file_bytes, request->exact_bytes),
		pmt_figure_bytes(from_ring, r->ring_bytes, request->exact_bytes),
		r->end_added ? "; killed, signal not known" : "");
	if (r->ring_removed)
		fprintf(out, "%s: removed\n", pmt_trace_ring(trace)->path);
}

/* What was killed stays incomplete; losses and damage are in the figures of a view. */
static int verdict(const struct pmt_report_request *request,
		   const struct pmt_trace *trace, const struct pmt_recovery *r)
{
	struct pmt_trace_end end = {.how = PMT_END_NONE};
	bool ended = pmt_trace_end(trace, &end);

	if (!request->strict ||
	    (pmt_end_is_own(ended, end.how) && pmt_trace_missing_bytes(trace) == 0))
		return PMT_EXIT_OK;
	pmt_message_error("--strict: %s is incomplete%s", r->path,
			  pmt_end_is_own(ended, end.how) ? ": records are missing"
			  : r->end_added || ended        ? ": the process was killed"
							 : ": it has no end");
	return PMT_EXIT_INCOMPLETE;
}

static int recover(const struct pmt_report_request *request, struct pmt_trace *trace)
{
	char text[PMT_PROBLEM_PATH_BYTES + PMT_PROBLEM_TEXT_BYTES + 64];
	struct pmt_recovery recovery;
	struct pmt_problem problem;

	if (pmt_recover(trace, request->output_path, &recovery, &problem) != 0) {
		pmt_message_error("%s",
				  pmt_problem_describe(&problem, text, sizeof(text)));
		return PMT_EXIT_UNREADABLE;
	}
	print_text(request, trace, &recovery);
	if (recovery.written && !request->output_path && !recovery.ring_removed)
		pmt_message_warning("%s: could not be removed",
				    pmt_trace_ring(trace)->path);
	return verdict(request, trace, &recovery);
}

static int run(const struct pmt_report_request *request)
{
	struct pmt_progress progress;

	pmt_progress_begin(&progress, "recovering");
	struct pmt_trace *trace = pmt_report_open(request, &progress);
	if (!trace) {
		pmt_progress_end(&progress);
		return PMT_EXIT_UNREADABLE;
	}
	int code = recover(request, trace);
	pmt_progress_end(&progress);
	pmt_report_say_problems(trace);
	pmt_trace_close(trace);
	return code;
}

const struct pmt_view pmt_view_recover = {
    .name = "recover",
    .summary = "what recovery did: folds a killed process's ring into its trace",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT),
    .options = PMT_TAKES_OUTPUT,
    .run = run,
};
