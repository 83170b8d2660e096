/*
 * Exit codes, the same in every tool, so that a script can tell "the verdict is no"
 * from "the question was wrong". pymemtrace-run passes the traced program's status
 * through and keeps to env(1)'s 125, 126 and 127 for its own failures.
 */
#ifndef PMT_CLI_EXIT_CODE_H
#define PMT_CLI_EXIT_CODE_H

enum pmt_exit_code {
	PMT_EXIT_OK = 0,
	PMT_EXIT_NO = 1,         /* the verdict is no */
	PMT_EXIT_USAGE = 2,      /* a wrong option or argument */
	PMT_EXIT_UNREADABLE = 3, /* a file cannot be read or written */
	PMT_EXIT_INCOMPLETE = 4, /* incomplete or lossy, where that was asked to matter */
	PMT_EXIT_NO_BASELINE = 5, /* baseline missing, or of another program */
	PMT_EXIT_NO_TRACE = 6,    /* the traced program failed or left no trace */
};

#endif
