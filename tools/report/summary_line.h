/* A line of the summary: a title on the left, and a text that is cut at the width. */
#ifndef PMT_REPORT_SUMMARY_LINE_H
#define PMT_REPORT_SUMMARY_LINE_H

#include "base/attr.h"
#include "report/request.h"

enum { PMT_SUMMARY_TITLE_COLUMNS = 11 }; /* "Peak heap  " */

void pmt_summary_print_title(const struct pmt_report_request *request, const char *title);

/* A formatted line from column `used`, cut at the width. */
void pmt_summary_print_cut(const struct pmt_report_request *request, unsigned used,
			   const char *format, ...) PMT_PRINTF(3, 4);

#endif
