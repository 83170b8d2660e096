/* Help of pymemtrace-report. The options are listed by what they are for; those that
 * only some views take say so by being left out of the help of the others. */
#include "report/help.h"

#include <stdio.h>
#include <string.h>

static const char *const format_names[PMT_REPORT_FORMAT_COUNT + 1] = {
    [PMT_REPORT_TEXT] = "text",
    [PMT_REPORT_JSON] = "json",
    [PMT_REPORT_CSV] = "csv",
    [PMT_REPORT_FOLDED] = "folded",
    [PMT_REPORT_ORIGINAL_LOG] = "original-log",
};

struct option_help {
	unsigned option; /* enum pmt_report_option, 0: every view */
	const char *words;
	const char *text;
};

static const struct option_help option_helps[] = {
    {PMT_TAKES_SORT, "-s, --sort=KEY", "order by KEY (and weight of folded stacks)"},
    {PMT_TAKES_SORT, "    --inclusive", "order by a call with all it called"},
    {PMT_TAKES_SORT, "-r, --reverse", "smallest first"},
    {PMT_TAKES_LIMIT, "-n, --limit=N|all", "at most N rows"},
    {PMT_TAKES_FILTER, "-F, --filter=GLOB", "only functions or files that match"},
    {PMT_TAKES_MIN_SHARE, "-m, --min-share=PERCENT", "leave out branches below"},
    {PMT_TAKES_THREAD, "-t, --thread=ID|NAME", "only this thread"},
    {PMT_TAKES_BY_THREAD, "    --by-thread", "keep the threads apart"},
    {PMT_TAKES_SOURCE, "    --no-source", "do not show source lines"},
    {PMT_TAKES_TRIGGER, "    --trigger=BYTES", "only where RSS changed by so much"},
    {PMT_TAKES_BY, "    --by=WHAT", "line, function, file, size, thread, domain, stack"},
    {PMT_TAKES_MARKS, "    --from=MARK", "only what is allocated behind this mark"},
    {PMT_TAKES_MARKS, "    --to=MARK", "nothing that happens behind this mark"},
    {PMT_TAKES_REGION, "    --region=NAME", "before and after this region of one trace"},
    {PMT_TAKES_WITHIN, "    --within=N", "freed within N allocations of its thread (10)"},
    {PMT_TAKES_OF, "    --of=heap|rss", "whose highest moment (heap)"},
    {0, "-f, --format=FORMAT", NULL},
    {0, "-o, --output=PATH", "write there instead of the terminal"},
    {0, "-b, --bytes", "exact bytes instead of KiB, MiB, GiB"},
    {0, "-w, --width=COLUMNS", "instead of the terminal's width"},
    {0, "    --color=WHEN", "auto, always or never"},
    {0, "    --strict", "exit with 4 when the trace is lossy or incomplete"},
    {0, "-h, --help", "this help; after a view's name, that view's"},
    {0, "-V, --version", "version"},
};

static void print_formats(unsigned formats)
{
	const char *separator = "";

	for (unsigned i = 0; i < PMT_REPORT_FORMAT_COUNT; i++) {
		if (formats & PMT_FORMAT_BIT(i)) {
			printf("%s%s", separator, format_names[i]);
			separator = ", ";
		}
	}
	putchar('\n');
}

static void print_options(unsigned options, unsigned formats)
{
	for (size_t i = 0; i < sizeof(option_helps) / sizeof(*option_helps); i++) {
		const struct option_help *help = &option_helps[i];

		if (help->option && !(help->option & options))
			continue;
		printf("  %-24s  ", help->words);
		if (help->text)
			puts(help->text);
		else
			print_formats(formats);
	}
}

static void print_all(void)
{
	unsigned options = 0;
	unsigned formats = 0;

	puts("Usage: pymemtrace-report [VIEW] [options] [trace.bin]\n"
	     "Shows what a traced Python program did to memory, call by call.\n"
	     "\nViews:");
	for (const struct pmt_view *const *v = pmt_report_views; *v; v++) {
		printf("  %-13s  %s\n", (*v)->name, (*v)->summary);
		options |= (*v)->options;
		formats |= (*v)->formats;
	}
	puts("\nOptions:");
	print_options(options, formats);
	puts(
	    "\nExamples:\n"
	    "  LD_PRELOAD=libpymemtrace.so python app.py     makes trace.bin\n"
	    "  pymemtrace-report                             one screen about "
	    "./trace.bin\n"
	    "  pymemtrace-report functions -s rss-net -n 20  what grew the process\n"
	    "  pymemtrace-report tree --min-share=5 trace.bin\n"
	    "  pymemtrace-report functions -f json trace.bin | jq '.functions[0]'\n"
	    "  pymemtrace-report tree -f folded trace.bin | flamegraph.pl > mem.svg\n"
	    "\nExit: 0 fine, 2 wrong usage, 3 unreadable, 4 incomplete (with --strict).\n"
	    "More: man pymemtrace-report");
}

static void print_sort_keys(const char *keys)
{
	/* Wrapped by hand: the list is the longest line of the help. */
	size_t column = 0;

	printf("\nKeys of --sort (the first is the default):");
	column = 80;
	while (*keys) {
		size_t size = strcspn(keys, " ");

		if (column + 1 + size > 78) {
			printf("\n ");
			column = 1;
		}
		printf(" %.*s", (int)size, keys);
		column += 1 + size;
		keys += size;
		keys += *keys == ' ';
	}
	putchar('\n');
}

const char *pmt_format_name(enum pmt_report_format format)
{
	return format_names[format];
}

void pmt_help_print(const struct pmt_view *view)
{
	if (!view) {
		print_all();
		return;
	}
	printf("Usage: pymemtrace-report %s%s%s [options] %s\nShows %s.\n\nOptions:\n",
	       view->name, view->argument ? " " : "",
	       view->argument ? view->argument : "",
	       view->options & PMT_TAKES_DIFF ? "[VIEW] before.bin [after.bin]"
					      : "[trace.bin]",
	       view->summary);
	print_options(view->options, view->formats);
	if (view->options & PMT_TAKES_DIFF)
		puts("\nVIEW (functions without one) tells what the rows are and which "
		     "options and\nkeys of --sort there are: those of the view itself.\n"
		     "Of one trace, two moments: those of --from and --to, or of "
		     "--region.");
	else if (view->options & PMT_TAKES_SORT)
		print_sort_keys(view->sort_keys);
}
