/* What stands above and below the rows of a difference as text: what is compared and what
 * it comes to; how much of it is shown, and what must be known of both traces. */
#ifndef PMT_REPORT_DIFF_FRAME_H
#define PMT_REPORT_DIFF_FRAME_H

#include "report/diff_print.h"

void pmt_diff_print_head(const struct pmt_diff_shown *shown);

/* Counts of rows, and the doubts. */
void pmt_diff_print_foot(const struct pmt_diff_shown *shown);

/* What was not compared, what names mean, and the truth about each trace. */
void pmt_diff_print_doubts(const struct pmt_diff_shown *shown);

#endif
