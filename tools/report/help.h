/* The texts of --help and --version, and the table of option words. */
#ifndef PMT_REPORT_HELP_H
#define PMT_REPORT_HELP_H

#include "report/request.h"
#include "report/view.h"

/* Prints --help: for all views, or for one. */
void pmt_help_print(const struct pmt_view *view);

/* "text", "json", ... of a format; NULL behind the last. */
const char *pmt_format_name(enum pmt_report_format format);

#endif
