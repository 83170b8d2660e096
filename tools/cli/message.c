/*
 * Messages of the tools. A message is one write, so that it is not torn when several
 * processes share a terminal, and it begins on a line of its own: the progress bar
 * leaves the cursor at the line's start.
 */
#include "cli/message.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program_name = "pymemtrace";

PMT_PRINTF(2, 0)
static void say(const char *kind, const char *format, va_list arguments)
{
	char text[2048];

	vsnprintf(text, sizeof(text), format, arguments);
	fprintf(stderr, "%s: %s%s\n", program_name, kind, text);
}

void pmt_message_program(const char *name)
{
	program_name = name;
}

void pmt_message_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("error: ", format, arguments);
	va_end(arguments);
}

void pmt_message_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("warning: ", format, arguments);
	va_end(arguments);
}

void pmt_message_see_help(void)
{
	fprintf(stderr, "Try '%s --help'.\n", program_name);
}
