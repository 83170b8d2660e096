/* The frame of --check: library, machine, interpreter; and how findings look. */
#include "config.h"

#include "run/check.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "run/library.h"

enum {
	COLUMN = 22, /* where findings begin */
	WIDTH = 79,
};

static void print_wrapped(const char *text, size_t column, size_t indent)
{
	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > indent && column + 1 + word > WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)word, text);
		column += word;
		text += word + (text[word] == ' ');
	}
	putchar('\n');
}

void pmt_check_print(enum pmt_check_grade grade, const char *subject, const char *format,
		     ...)
{
	static const char *const grades[] = {"ok", "less", "no"};
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printf("  %-5s %-13s ", grades[grade], subject);
	print_wrapped(text, COLUMN, COLUMN);
}

void pmt_check_print_remedy(const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printf("%*s-> ", COLUMN, "");
	print_wrapped(text, COLUMN + 3, COLUMN + 3);
}

int pmt_check(const struct pmt_launch_request *request)
{
	const char *python = request->program[0] ? request->program[0] : "python3";
	char library[4 * PATH_MAX];

	printf("pymemtrace " PACKAGE_VERSION "\n");
	switch (pmt_library_find(library, sizeof(library))) {
	case 0:
		pmt_check_print(PMT_CHECK_GOOD, "library", "%s", library);
		break;
	case -EINVAL:
		pmt_check_print(PMT_CHECK_BAD, "library", "%s", library);
		pmt_check_print_remedy("LD_PRELOAD cannot name a path with a space or "
				       "colon in it; install pymemtrace elsewhere");
		return PMT_EXIT_NO;
	default:
		pmt_check_print(PMT_CHECK_BAD, "library",
				"libpymemtrace.so was not found");
		pmt_check_print_remedy("looked at%s", library);
		return PMT_EXIT_NO;
	}
	puts("this machine");
	pmt_check_machine(&request->options);
	printf("interpreter %s\n", python);
	fflush(stdout); /* before children */
	return pmt_check_python(python, library);
}
