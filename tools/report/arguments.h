/* The command line of pymemtrace-report: words in, a checked request and its view out. */
#ifndef PMT_REPORT_ARGUMENTS_H
#define PMT_REPORT_ARGUMENTS_H

#include "report/request.h"
#include "report/view.h"

/* What is to be done after the command line was read. */
enum pmt_arguments_verdict {
	PMT_ARGUMENTS_RUN,  /* *ret_view and *ret_request are set */
	PMT_ARGUMENTS_DONE, /* --help or --version was printed */
	PMT_ARGUMENTS_BAD,  /* said on stderr what is wrong and what to do */
};

/* request->out is stdout, or the file of --output for views that write one. */
enum pmt_arguments_verdict pmt_arguments_read(int argc, char **argv,
					      const struct pmt_view **ret_view,
					      struct pmt_report_request *ret_request);

#endif
