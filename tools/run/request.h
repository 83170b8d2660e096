/* What the command line of pymemtrace-run asks for. */
#ifndef PMT_RUN_REQUEST_H
#define PMT_RUN_REQUEST_H

#include "base/options.h"

enum pmt_launch_action {
	PMT_LAUNCH_RUN,   /* trace a program */
	PMT_LAUNCH_CHECK, /* tell what this machine and interpreter allow */
	PMT_LAUNCH_HELP,
	PMT_LAUNCH_VERSION,
	PMT_LAUNCH_REFUSED, /* a mistake, which has been named on stderr */
};

struct pmt_launch_request {
	enum pmt_launch_action action;
	/* The program and its arguments, NULL-terminated; points into argv. For a check
	 * the interpreter, or nothing. */
	char **program;
	char *settings;             /* what PYMEMTRACE will hold; owned */
	struct pmt_options options; /* settings, parsed */
};

/* env(1)'s statuses for failures of our own; the program's status passes through. */
enum pmt_launch_status {
	PMT_LAUNCH_FAILED = 125,
	PMT_LAUNCH_NOT_EXECUTABLE = 126,
	PMT_LAUNCH_NOT_FOUND = 127,
};

#endif
