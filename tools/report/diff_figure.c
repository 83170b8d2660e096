/* By the column's unit. */
#include "report/diff_figure.h"

#include <stdio.h>

static uint64_t absolute(int64_t value)
{
	return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

const char *pmt_diff_figure_text(char text[PMT_FIGURE_BYTES],
				 const struct pmt_keyed_column *column, int64_t value,
				 bool exact)
{
	if (column->unit == PMT_UNIT_CHANGE)
		return pmt_figure_change(text, value, exact);
	if (column->unit == PMT_UNIT_COUNT)
		return pmt_figure_count(text, (uint64_t)value, exact);
	if (column->unit == PMT_UNIT_TIME)
		return pmt_figure_duration(text, value);
	return pmt_figure_bytes(text, (uint64_t)value, exact);
}

const char *pmt_diff_change_text(char text[PMT_FIGURE_BYTES],
				 const struct pmt_keyed_column *column, int64_t change,
				 bool exact)
{
	char size[PMT_FIGURE_BYTES];

	if (column->unit == PMT_UNIT_TIME)
		pmt_figure_duration(size, change < 0 ? -change : change);
	else if (column->unit == PMT_UNIT_COUNT)
		pmt_figure_count(size, absolute(change), exact);
	else
		return pmt_figure_change(text, change, exact);
	snprintf(text, PMT_FIGURE_BYTES, "%s%.30s",
		 change < 0   ? "-"
		 : change > 0 ? "+"
			      : "",
		 size);
	return text;
}
