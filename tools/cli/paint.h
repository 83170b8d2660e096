/* Colours by meaning, as escape sequences or as nothing. */
#ifndef PMT_CLI_PAINT_H
#define PMT_CLI_PAINT_H

#include <stdbool.h>

enum pmt_paint {
	PMT_PAINT_NONE = 0, /* back to plain */
	PMT_PAINT_TITLE,    /* bold */
	PMT_PAINT_DIM,
	PMT_PAINT_UP, /* memory that grew */
	PMT_PAINT_DOWN,
	PMT_PAINT_WARN,
	PMT_PAINT_CHART,
};

/* The sequence that begins a colour; "" when color is false. */
const char *pmt_paint(bool color, enum pmt_paint paint);

#endif
