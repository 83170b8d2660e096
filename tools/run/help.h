/* Help and version of pymemtrace-run, on stdout. */
#ifndef PMT_RUN_HELP_H
#define PMT_RUN_HELP_H

void pmt_launch_print_help(void);

#endif
