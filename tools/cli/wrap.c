/* Wrapping at spaces; a word longer than a line stands alone. */
#include "cli/wrap.h"

#include <string.h>

unsigned pmt_wrap_print(FILE *out, const char *first, const char *text, unsigned width)
{
	unsigned indent = (unsigned)strlen(first);
	unsigned column = indent;
	unsigned lines = 1;

	fputs(first, out);
	while (*text) {
		unsigned size = (unsigned)strcspn(text, " ");

		if (column > indent && column + 1 + size > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			lines++;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		/* A path out of a trace may hold what moves the cursor. */
		for (unsigned i = 0; i < size; i++) {
			unsigned char c = (unsigned char)text[i];

			fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
		}
		column += size;
		text += size;
		text += strspn(text, " ");
	}
	fputc('\n', out);
	return lines;
}
