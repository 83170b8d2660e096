/* Only the eight colours every terminal has, so that the user's theme decides. */
#include "cli/paint.h"

const char *pmt_paint(bool color, enum pmt_paint paint)
{
	static const char *const sequences[] = {
	    [PMT_PAINT_NONE] = "\033[0m",   [PMT_PAINT_TITLE] = "\033[1m",
	    [PMT_PAINT_DIM] = "\033[2m",    [PMT_PAINT_UP] = "\033[31m",
	    [PMT_PAINT_DOWN] = "\033[32m",  [PMT_PAINT_WARN] = "\033[1;33m",
	    [PMT_PAINT_CHART] = "\033[36m",
	};

	return color ? sequences[paint] : "";
}
