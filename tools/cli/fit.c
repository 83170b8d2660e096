/*
 * Fitting text into columns. Two walks: one that measures, one that writes; both see
 * the text as a row of cells, each some bytes and some columns.
 */
#include "config.h" /* wcwidth is an extension */

#include "cli/fit.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

struct cell {
	const char *bytes;
	size_t size;     /* of the output */
	size_t consumed; /* of the input */
	unsigned columns;
};

/* Length of the UTF-8 sequence at s and its code point; 0 when it is none. */
static size_t decode(const unsigned char *s, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t size = s[0] < 0x80             ? 1
		      : (s[0] & 0xe0) == 0xc0 ? 2
		      : (s[0] & 0xf0) == 0xe0 ? 3
		      : (s[0] & 0xf8) == 0xf0 ? 4
					      : 0;
	uint32_t code = size == 1 ? s[0] : s[0] & (0x7fu >> size);

	for (size_t i = 1; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (size == 0 || code < least[size] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return size;
}

/* Direction overrides can make a line read as something else. */
static bool is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	       (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

static struct cell next_cell(const char *text, bool ascii)
{
	const char *replacement = ascii ? "?" : "\xef\xbf\xbd";
	struct cell cell = {replacement, strlen(replacement), 1, 1};
	uint32_t code = 0;
	size_t size = decode((const unsigned char *)text, &code);

	if (size > 0)
		cell.consumed = size;
	if (size == 0 || is_harmful(code) || (ascii && code >= 0x80))
		return cell;
	int width = code < 0x80 ? 1 : wcwidth((wchar_t)code);
	if (width < 0)
		return cell;
	cell.bytes = text;
	cell.size = size;
	cell.columns = (unsigned)width;
	return cell;
}

unsigned pmt_fit_width(const char *text, bool ascii)
{
	unsigned columns = 0;

	while (*text) {
		struct cell cell = next_cell(text, ascii);

		columns += cell.columns;
		text += cell.consumed;
	}
	return columns;
}

/* Writes cells until one would not fit any more. */
static unsigned write_cells(char *out, const char *text, unsigned columns, bool ascii)
{
	unsigned used = 0;
	/* Combining characters use no column: they must not fill the room either. */
	char *limit = out + (size_t)columns * 4;

	while (*text) {
		struct cell cell = next_cell(text, ascii);

		if (used + cell.columns > columns || out + cell.size > limit)
			break;
		memcpy(out, cell.bytes, cell.size);
		out += cell.size;
		used += cell.columns;
		text += cell.consumed;
	}
	*out = '\0';
	return used;
}

unsigned pmt_fit(char *out, const char *text, unsigned columns, enum pmt_fit keep,
		 bool ascii)
{
	const char *dots = ascii ? "..." : "\xe2\x80\xa6";
	unsigned dots_columns = ascii ? 3 : 1;
	unsigned width = pmt_fit_width(text, ascii);

	if (width <= columns)
		return write_cells(out, text, columns, ascii);
	if (columns <= dots_columns)
		return write_cells(out, dots, columns, ascii);
	if (keep == PMT_FIT_START) {
		unsigned used = write_cells(out, text, columns - dots_columns, ascii);

		strcpy(out + strlen(out), dots);
		return used + dots_columns;
	}
	while (width > columns - dots_columns) {
		struct cell cell = next_cell(text, ascii);

		width -= cell.columns;
		text += cell.consumed;
	}
	strcpy(out, dots);
	return dots_columns +
	       write_cells(out + strlen(dots), text, columns - dots_columns, ascii);
}
