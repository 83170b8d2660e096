/* The figures of a difference as text. */
#ifndef PMT_REPORT_DIFF_FIGURE_H
#define PMT_REPORT_DIFF_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/keyed_table.h"
#include "cli/figure_text.h"

/* Each returns text. */
const char *pmt_diff_figure_text(char text[PMT_FIGURE_BYTES],
				 const struct pmt_keyed_column *column, int64_t value,
				 bool exact);

/* With its sign, whatever the unit. */
const char *pmt_diff_change_text(char text[PMT_FIGURE_BYTES],
				 const struct pmt_keyed_column *column, int64_t change,
				 bool exact);

#endif
