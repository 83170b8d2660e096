/* Questions to the terminal and the environment; see https://no-color.org for NO_COLOR.
 */
#include "cli/terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 80, WIDTH_MIN = 20, WIDTH_MAX = 1000 };

static bool is_usable_width(unsigned long columns)
{
	return columns >= WIDTH_MIN && columns <= WIDTH_MAX;
}

unsigned pmt_terminal_width(int fd)
{
	struct winsize size;

	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 &&
	    is_usable_width(size.ws_col))
		return size.ws_col;
	const char *columns = getenv("COLUMNS");
	if (columns) {
		char *end;
		unsigned long value = strtoul(columns, &end, 10);

		if (end != columns && *end == '\0' && is_usable_width(value))
			return (unsigned)value;
	}
	return WIDTH_DEFAULT;
}

bool pmt_terminal_color(int fd, enum pmt_color_choice choice)
{
	if (choice != PMT_COLOR_AUTO)
		return choice == PMT_COLOR_ALWAYS;
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool pmt_terminal_is_ascii(void)
{
	const char *codeset = nl_langinfo(CODESET);

	return strcasecmp(codeset, "UTF-8") != 0 && strcasecmp(codeset, "UTF8") != 0;
}
