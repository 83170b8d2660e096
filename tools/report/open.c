/* Opening for the views; see open.h. */
#include "report/open.h"

#include "cli/message.h"

enum { TEXT_BYTES = PMT_PROBLEM_PATH_BYTES + PMT_PROBLEM_TEXT_BYTES + 64 };

struct pmt_trace *pmt_report_open(const struct pmt_report_request *request,
				  struct pmt_progress *progress)
{
	char text[TEXT_BYTES];
	struct pmt_problem problem;
	struct pmt_trace_options options = {
	    .progress = pmt_progress_show,
	    .progress_context = progress,
	};
	struct pmt_trace *trace = pmt_trace_open(request->trace_path, &options, &problem);

	if (!trace)
		pmt_message_error("%s",
				  pmt_problem_describe(&problem, text, sizeof(text)));
	return trace;
}

void pmt_report_say_problems(const struct pmt_trace *trace)
{
	char text[TEXT_BYTES];
	uint64_t count = pmt_trace_problem_count(trace);

	if (count == 0)
		return;
	const struct pmt_problem *first = pmt_trace_problem(trace, 0);
	pmt_message_warning("%s", pmt_problem_describe(first, text, sizeof(text)));
	if (count > 1)
		pmt_message_warning("and %llu more damaged places; everything readable "
				    "is reported",
				    (unsigned long long)count - 1);
}
