/* Charts: each column is a bar of eighths of a row. */
#include "cli/chart.h"

#include "cli/paint.h"

/* U+2581 .. U+2588, one to eight eighths. */
static const char *const eighths[] = {
    " ",
    "\xe2\x96\x81",
    "\xe2\x96\x82",
    "\xe2\x96\x83",
    "\xe2\x96\x84",
    "\xe2\x96\x85",
    "\xe2\x96\x86",
    "\xe2\x96\x87",
    "\xe2\x96\x88",
};
static const char *const ascii_eighths[] = {" ", ".", ".", ".", ":", ":", "#", "#", "#"};

/* Eighths of rows that value fills. A value above zero shows. */
static unsigned height_of(const struct pmt_chart *chart, int64_t value)
{
	unsigned full = chart->rows * 8;

	if (value == PMT_CHART_NO_VALUE || value <= 0 || chart->highest <= 0)
		return 0;
	double share = (double)value / (double)chart->highest;
	unsigned height = share >= 1 ? full : (unsigned)(share * full + 0.5);
	return height > 0 ? height : 1;
}

static void draw_row(FILE *out, const struct pmt_chart *chart, unsigned row)
{
	const char *const *blocks = chart->ascii ? ascii_eighths : eighths;
	unsigned below = (chart->rows - 1 - row) * 8;
	unsigned last = 0;

	/* No spaces at the end of a line. */
	for (unsigned i = 0; i < chart->columns; i++) {
		if (height_of(chart, chart->values[i]) > below)
			last = i + 1;
	}
	for (unsigned i = 0; i < last; i++) {
		unsigned height = height_of(chart, chart->values[i]);
		unsigned here = height <= below       ? 0
				: height >= below + 8 ? 8
						      : height - below;

		fputs(blocks[here], out);
	}
}

void pmt_chart_draw(FILE *out, const struct pmt_chart *chart)
{
	const char *axis = chart->ascii ? "|" : "\xe2\x94\x82";

	for (unsigned row = 0; row < chart->rows; row++) {
		fprintf(out, "%*s%s%s", (int)chart->margin, row == 0 ? chart->label : "",
			axis, pmt_paint(chart->color, PMT_PAINT_CHART));
		draw_row(out, chart, row);
		fprintf(out, "%s\n", pmt_paint(chart->color, PMT_PAINT_NONE));
	}
}
