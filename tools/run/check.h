/*
 * pymemtrace-run --check: what this machine and this interpreter allow, found by trying,
 * and how to get more of each. On stdout, one finding a line.
 */
#ifndef PMT_RUN_CHECK_H
#define PMT_RUN_CHECK_H

#include "base/attr.h"
#include "run/request.h"

/* Checks request->program[0], or python3. Exit status: PMT_EXIT_OK when its calls can be
 * traced, PMT_EXIT_NO when not, PMT_LAUNCH_FAILED when that could not be found out. */
int pmt_check(const struct pmt_launch_request *request);

/* How good a finding is. */
enum pmt_check_grade {
	PMT_CHECK_GOOD, /* nothing to gain */
	PMT_CHECK_FAIR, /* works; a remedy follows for better */
	PMT_CHECK_BAD,  /* does not work; a remedy follows */
};

/* Prints "  ok    subject  finding", wrapped and indented. */
void pmt_check_print(enum pmt_check_grade grade, const char *subject, const char *format,
		     ...) PMT_PRINTF(3, 4);

/* Prints how to get more of what was just said. */
void pmt_check_print_remedy(const char *format, ...) PMT_PRINTF(1, 2);

/* The two halves. */
void pmt_check_machine(const struct pmt_options *options);
int pmt_check_python(const char *python, const char *library);

#endif
