/*
 * pymemtrace-report: main(). The command line goes to arguments.c, the trace to the
 * view that was asked for; what is left here is the table of views and the output.
 */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/arguments.h"
#include "report/view.h"

/* The first is shown when none is named. */
const struct pmt_view *const pmt_report_views[] = {
    &pmt_view_summary, &pmt_view_functions, &pmt_view_tree,          &pmt_view_timeline,
    &pmt_view_lines,   &pmt_view_leaks,     &pmt_view_peak,          &pmt_view_churn,
    &pmt_view_at,      &pmt_view_sizes,     &pmt_view_fragmentation, &pmt_view_types,
    &pmt_view_diff,    &pmt_view_threads,   &pmt_view_processes,     &pmt_view_log,
    &pmt_view_info,    &pmt_view_dump,      &pmt_view_recover,       NULL,
};

/* A full disk or a closed pipe shows at the latest here. */
static int finish_output(const struct pmt_report_request *request)
{
	int error = ferror(request->out) ? EIO : 0;

	if (fflush(request->out) != 0)
		error = errno;
	if (request->out != stdout && fclose(request->out) != 0)
		error = errno;
	if (error == 0 || error == EPIPE)
		return PMT_EXIT_OK;
	pmt_message_error("%s: cannot write: %s",
			  request->output_path ? request->output_path : "standard output",
			  strerror(error));
	return PMT_EXIT_UNREADABLE;
}

int main(int argc, char **argv)
{
	const struct pmt_view *view;
	struct pmt_report_request request;

	setlocale(LC_CTYPE, "");
	pmt_message_program("pymemtrace-report");
	switch (pmt_arguments_read(argc, argv, &view, &request)) {
	case PMT_ARGUMENTS_DONE:
		return PMT_EXIT_OK;
	case PMT_ARGUMENTS_BAD:
		return PMT_EXIT_USAGE;
	case PMT_ARGUMENTS_RUN:
		break;
	}
	if (request.output_path && !(view->options & PMT_TAKES_OUTPUT)) {
		request.out = fopen(request.output_path, "we");
		if (!request.out) {
			pmt_message_error("--output=%s: %s", request.output_path,
					  strerror(errno));
			return PMT_EXIT_UNREADABLE;
		}
	}
	int code = view->run(&request);
	int write_code = finish_output(&request);
	return code != PMT_EXIT_OK ? code : write_code;
}
