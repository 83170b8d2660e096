/* A chart of one quantity over time, drawn with block characters (or with # and spaces
 * where those cannot be shown). */
#ifndef PMT_CLI_CHART_H
#define PMT_CLI_CHART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct pmt_chart {
	const int64_t *values; /* columns of them; PMT_CHART_NO_VALUE leaves a gap */
	unsigned columns;
	unsigned rows;
	unsigned margin;   /* columns left of the axis, for its labels */
	const char *label; /* of the top row: the highest value */
	int64_t highest;   /* value at the top; 0 is at the bottom */
	bool ascii;
	bool color;
};

#define PMT_CHART_NO_VALUE INT64_MIN

/* Draws rows lines of margin + 1 + columns columns. */
void pmt_chart_draw(FILE *out, const struct pmt_chart *chart);

#endif
