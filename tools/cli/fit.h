/*
 * Names from a trace on a terminal: cut to columns, and made harmless. A name is data
 * from somebody else's program: control characters (a newline, an escape sequence) and
 * bytes that are no UTF-8 come out as one replacement character each.
 */
#ifndef PMT_CLI_FIT_H
#define PMT_CLI_FIT_H

#include <stdbool.h>
#include <stddef.h>

enum pmt_fit {
	PMT_FIT_START, /* keeps the beginning: "long_na..." */
	PMT_FIT_END,   /* keeps the end: ".../json/decoder.py" */
};

/* Room that `columns` columns of text need in out, terminating 0 included. */
#define PMT_FIT_ROOM(columns) ((size_t)(columns) * 4 + 8)

/*
 * Writes text into out (at least PMT_FIT_ROOM(columns) bytes) in at most that many
 * columns. ascii: other characters as '?', dots for the ellipsis. Returns the columns
 * used. Combining characters count nothing, wide ones two (by the locale's wcwidth).
 */
unsigned pmt_fit(char *out, const char *text, unsigned columns, enum pmt_fit keep,
		 bool ascii);

/* Columns that text needs as pmt_fit writes it. */
unsigned pmt_fit_width(const char *text, bool ascii);

#endif
