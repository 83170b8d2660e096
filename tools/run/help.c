/* The help: examples first, then one paragraph a row of the option table. */
#include "config.h"

#include "run/help.h"

#include <stdio.h>
#include <string.h>

#include "base/option_table.h"
#include "base/options.h"
#include "run/arguments.h"

enum {
	INDENT = 24, /* of the explanations */
	WIDTH = 79,
};

/* Prints words from the column on, broken at spaces before WIDTH, and a newline. */
static void print_wrapped(const char *text, size_t column)
{
	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > INDENT && column + 1 + word > WIDTH) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)word, text);
		column += word;
		text += word;
		text += *text == ' ';
	}
	putchar('\n');
}

static void print_item(const char *flag, const char *text)
{
	int column = printf("  %s", flag);

	/* Two spaces at least between a flag and its text. */
	if (column > INDENT - 2) {
		putchar('\n');
		column = 0;
	}
	printf("%*s", INDENT - column, "");
	print_wrapped(text, INDENT);
}

static void print_option(const struct pmt_option *option)
{
	char flag[PMT_LAUNCH_FLAG_BYTES + 16], name[PMT_LAUNCH_FLAG_BYTES];
	char text[512];
	struct pmt_phrase phrase;
	bool is_flag = option->type == PMT_OPTION_FLAG;

	pmt_launch_flag_name(option->key, name);
	snprintf(flag, sizeof(flag), is_flag ? "%s[=0|1]" : "%s=%s", name, option->unit);
	pmt_phrase_init(&phrase, text, sizeof(text));
	pmt_phrase_put(&phrase, option->help);
	if (option->type != PMT_OPTION_FLAG && option->type != PMT_OPTION_PATH &&
	    option->type != PMT_OPTION_GLOBS) {
		pmt_phrase_put(&phrase, ": ");
		pmt_option_put_allowed(&phrase, option);
	}
	if (option->initial && !is_flag) {
		pmt_phrase_put(&phrase, " (default ");
		pmt_phrase_put(&phrase, option->initial);
		pmt_phrase_put(&phrase, ")");
	}
	print_item(flag, text);
}

void pmt_launch_print_help(void)
{
	puts(
	    "Usage: pymemtrace-run [options] [--] program [argument...]\n"
	    "       pymemtrace-run --check [python]\n"
	    "Runs a Python program and writes what its calls do to memory into a trace.\n"
	    "\n"
	    "Examples:\n"
	    "  pymemtrace-run python3 app.py --port 80\n"
	    "  pymemtrace-run --mode=lines -o /tmp/app.bin -- python3 -m app\n"
	    "  pymemtrace-run --detail=tree ./manage.py migrate      for long runs\n"
	    "  pymemtrace-run --min-rss=1MiB --exclude='test_*' pytest\n"
	    "  pymemtrace-report trace.bin                           to read the trace\n"
	    "\n"
	    "Options:");
	for (size_t i = 0; i < pmt_option_count; i++)
		print_option(&pmt_option_table[i]);
	print_item("-o PATH", "the same as --out");
	print_item("-q", "the same as --quiet");
	print_item("--check [python]",
		   "tell what this machine and this interpreter (default python3) allow, "
		   "and how to get more");
	print_item("-h, --help", "this help");
	print_item("-V, --version", "version");
	puts("\n"
	     "The options are also keys of the environment variable PYMEMTRACE, which\n"
	     "is read first: PYMEMTRACE=mode=lines,out=/tmp/app.bin\n"
	     "\n"
	     "The exit status is the program's; if a signal killed it, the same signal\n"
	     "kills pymemtrace-run. 125: pymemtrace-run itself failed; 126: the program\n"
	     "cannot be executed; 127: it was not found. --check: 0 if the interpreter "
	     "can\n"
	     "be traced, 1 if not.");
}
