/* Questions to the terminal and the environment; see https://no-color.org for NO_COLOR.
 */
#include "cli/terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	WIDTH_DEFAULT = 80,
	WIDTH_MIN = 20,
	WIDTH_MAX = 1000,
	HEIGHT_MIN = 5,
	HEIGHT_MAX = 1000,
};

static bool is_usable_width(unsigned long columns)
{
	return columns >= WIDTH_MIN && columns <= WIDTH_MAX;
}

static bool is_usable_height(unsigned long rows)
{
	return rows >= HEIGHT_MIN && rows <= HEIGHT_MAX;
}

/* A number in the environment; 0 without one. */
static unsigned long from_environment(const char *name)
{
	const char *text = getenv(name);
	char *end;

	if (!text)
		return 0;
	unsigned long value = strtoul(text, &end, 10);
	return end != text && *end == '\0' ? value : 0;
}

unsigned pmt_terminal_width(int fd)
{
	struct winsize size;

	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 &&
	    is_usable_width(size.ws_col))
		return size.ws_col;
	unsigned long columns = from_environment("COLUMNS");
	return is_usable_width(columns) ? (unsigned)columns : WIDTH_DEFAULT;
}

unsigned pmt_terminal_height(int fd)
{
	struct winsize size;

	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 &&
	    is_usable_height(size.ws_row))
		return size.ws_row;
	unsigned long rows = from_environment("LINES");
	return is_usable_height(rows) ? (unsigned)rows : 0;
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
