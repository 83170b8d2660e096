/*
 * Reads the command line. Everything that can be wrong is found here, before the trace
 * is opened, and said with the option's name and what would be right.
 */
#include "report/arguments.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#include "base/units.h"
#include "cli/message.h"
#include "cli/suggest.h"
#include "cli/terminal.h"
#include "report/help.h"
#include "report/view_choice.h"
#include "report/words.h"

enum {
	OPT_COLOR = 256,
	OPT_STRICT,
	OPT_INCLUSIVE,
	OPT_BY_THREAD,
	OPT_NO_SOURCE,
	OPT_TRIGGER,
	OPT_FROM,
	OPT_TO,
	OPT_BY,
	OPT_WITHIN,
	OPT_REGION,
	OPT_OF,
	WIDTH_MIN = 20,
	WIDTH_MAX = 1000,
	WORDS_MAX = 40,
};

static const struct option long_options[] = {
    {"format", required_argument, NULL, 'f'},
    {"output", required_argument, NULL, 'o'},
    {"sort", required_argument, NULL, 's'},
    {"inclusive", no_argument, NULL, OPT_INCLUSIVE},
    {"reverse", no_argument, NULL, 'r'},
    {"limit", required_argument, NULL, 'n'},
    {"filter", required_argument, NULL, 'F'},
    {"min-share", required_argument, NULL, 'm'},
    {"thread", required_argument, NULL, 't'},
    {"by-thread", no_argument, NULL, OPT_BY_THREAD},
    {"no-source", no_argument, NULL, OPT_NO_SOURCE},
    {"trigger", required_argument, NULL, OPT_TRIGGER},
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"by", required_argument, NULL, OPT_BY},
    {"within", required_argument, NULL, OPT_WITHIN},
    {"region", required_argument, NULL, OPT_REGION},
    {"of", required_argument, NULL, OPT_OF},
    {"bytes", no_argument, NULL, 'b'},
    {"width", required_argument, NULL, 'w'},
    {"color", required_argument, NULL, OPT_COLOR},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* The command line while it is read. */
struct reading {
	struct pmt_report_request request;
	enum pmt_color_choice color;
	unsigned options_used; /* enum pmt_report_option bits */
	bool wants_help;
	bool is_bad;
};

static void fail_value(struct reading *r, const char *option, const char *expected)
{
	pmt_message_error("%s=%s: expected %s", option, optarg, expected);
	r->is_bad = true;
}

static bool read_unsigned(const char *text, uint64_t *ret_value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret_value = strtoull(text, &end, 10);
	return *end == '\0';
}

static void read_format(struct reading *r)
{
	const char *names[PMT_REPORT_FORMAT_COUNT];

	for (unsigned i = 0; i < PMT_REPORT_FORMAT_COUNT; i++) {
		names[i] = pmt_format_name(i);
		if (strcmp(optarg, names[i]) == 0) {
			r->request.format = i;
			return;
		}
	}
	const char *near = pmt_suggest(optarg, names, PMT_REPORT_FORMAT_COUNT);
	if (near)
		pmt_message_error("--format=%s: unknown format; did you mean '%s'?",
				  optarg, near);
	else
		fail_value(r, "--format", "text, json, csv or folded");
	r->is_bad = true;
}

static void read_limit(struct reading *r)
{
	if (strcmp(optarg, "all") == 0)
		r->request.limit_count = UINT64_MAX;
	else if (!read_unsigned(optarg, &r->request.limit_count) ||
		 r->request.limit_count == 0)
		fail_value(r, "--limit", "a number from 1, or all");
}

static void read_min_share(struct reading *r)
{
	char *end;
	double percent = strtod(optarg, &end);

	if (end != optarg && *end == '%')
		end++;
	if (end == optarg || *end != '\0' || !(percent >= 0 && percent <= 100))
		fail_value(r, "--min-share", "a percentage from 0 to 100");
	else
		r->request.min_share = percent / 100;
}

static void read_trigger(struct reading *r)
{
	uint64_t bytes;

	if (pmt_units_parse_size(optarg, strlen(optarg), &bytes) != 0 ||
	    bytes > INT64_MAX)
		fail_value(r, "--trigger", "a size as 64KiB; 0 for every event");
	else
		r->request.trigger_bytes = (int64_t)bytes;
}

static void read_within(struct reading *r)
{
	uint64_t count;

	if (!read_unsigned(optarg, &count) || count == 0 || count > UINT32_MAX)
		fail_value(r, "--within", "a number of allocations from 1");
	else
		r->request.within_count = (uint32_t)count;
}

static void read_by(struct reading *r)
{
	static const char *const words[PMT_BY_COUNT] = {
	    [PMT_BY_LINE] = "line",     [PMT_BY_FUNCTION] = "function",
	    [PMT_BY_FILE] = "file",     [PMT_BY_SIZE] = "size",
	    [PMT_BY_THREAD] = "thread", [PMT_BY_STACK] = "stack",
	    [PMT_BY_DOMAIN] = "domain"};

	for (unsigned i = PMT_BY_LINE; i < PMT_BY_COUNT; i++) {
		if (strcmp(optarg, words[i]) == 0) {
			r->request.by = i;
			return;
		}
	}
	fail_value(r, "--by", "line, function, file, size, thread, domain or stack");
}

static void read_of(struct reading *r)
{
	if (strcmp(optarg, "rss") == 0)
		r->request.of_rss = true;
	else if (strcmp(optarg, "heap") != 0)
		fail_value(r, "--of", "heap or rss");
}

static void read_width(struct reading *r)
{
	uint64_t columns;

	if (!read_unsigned(optarg, &columns) || columns < WIDTH_MIN ||
	    columns > WIDTH_MAX)
		fail_value(r, "--width", "columns from 20 to 1000");
	else
		r->request.width_columns = (unsigned)columns;
}

static void read_color(struct reading *r)
{
	if (strcmp(optarg, "auto") == 0)
		r->color = PMT_COLOR_AUTO;
	else if (strcmp(optarg, "always") == 0)
		r->color = PMT_COLOR_ALWAYS;
	else if (strcmp(optarg, "never") == 0)
		r->color = PMT_COLOR_NEVER;
	else
		fail_value(r, "--color", "auto, always or never");
}

static void read_block_option(struct reading *r, int letter)
{
	switch (letter) {
	case OPT_FROM:
		r->options_used |= PMT_TAKES_MARKS;
		r->request.from_mark = optarg;
		break;
	case OPT_TO:
		r->options_used |= PMT_TAKES_MARKS;
		r->request.to_mark = optarg;
		break;
	case OPT_REGION:
		r->options_used |= PMT_TAKES_REGION;
		r->request.region = optarg;
		break;
	case OPT_BY:
		r->options_used |= PMT_TAKES_BY;
		read_by(r);
		break;
	case OPT_WITHIN:
		r->options_used |= PMT_TAKES_WITHIN;
		read_within(r);
		break;
	case OPT_OF:
		r->options_used |= PMT_TAKES_OF;
		read_of(r);
		break;
	}
}

static void read_view_option(struct reading *r, int letter)
{
	switch (letter) {
	case 's':
		r->options_used |= PMT_TAKES_SORT;
		r->request.sort = optarg;
		break;
	case OPT_INCLUSIVE:
		r->options_used |= PMT_TAKES_SORT;
		r->request.sort_inclusive = true;
		break;
	case 'r':
		r->options_used |= PMT_TAKES_SORT;
		r->request.sort_descends = false;
		break;
	case 'n':
		r->options_used |= PMT_TAKES_LIMIT;
		read_limit(r);
		break;
	case 'F':
		r->options_used |= PMT_TAKES_FILTER;
		r->request.filter = optarg;
		break;
	case 'm':
		r->options_used |= PMT_TAKES_MIN_SHARE;
		read_min_share(r);
		break;
	case 't':
		r->options_used |= PMT_TAKES_THREAD;
		r->request.thread = optarg;
		break;
	case OPT_BY_THREAD:
		r->options_used |= PMT_TAKES_BY_THREAD;
		r->request.by_thread = true;
		break;
	case OPT_NO_SOURCE:
		r->options_used |= PMT_TAKES_SOURCE;
		r->request.show_source = false;
		break;
	case OPT_TRIGGER:
		r->options_used |= PMT_TAKES_TRIGGER;
		read_trigger(r);
		break;
	default:
		read_block_option(r, letter);
		break;
	}
}

static void read_option(struct reading *r, int letter)
{
	switch (letter) {
	case 'f':
		read_format(r);
		break;
	case 'o':
		r->request.output_path = optarg;
		break;
	case 'b':
		r->request.exact_bytes = true;
		break;
	case 'w':
		read_width(r);
		break;
	case OPT_COLOR:
		read_color(r);
		break;
	case OPT_STRICT:
		r->request.strict = true;
		break;
	case 'h':
		r->wants_help = true;
		break;
	default:
		read_view_option(r, letter);
		break;
	}
}

/* What getopt_long does not know; word is the argument it stopped at. */
static void refuse_option(struct reading *r, const char *word)
{
	const char *names[WORDS_MAX];
	size_t count = 0;
	char name[64];

	r->is_bad = true;
	if (word[0] != '-' || word[1] != '-') {
		pmt_message_error("-%c: no such option", optopt);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	for (const struct option *o = long_options; o->name && count < WORDS_MAX; o++)
		names[count++] = o->name;
	const char *near = pmt_suggest(name, names, count);
	if (near && strcmp(near, name) == 0)
		pmt_message_error("--%s: takes no value", name);
	else if (near)
		pmt_message_error("--%s: no such option; did you mean '--%s'?", name,
				  near);
	else
		pmt_message_error("--%s: no such option, or short for several", name);
}

static void settle_terminal(struct reading *r)
{
	int fd = r->request.output_path ? -1 : STDOUT_FILENO;

	if (r->request.width_columns == 0)
		r->request.width_columns = pmt_terminal_width(fd);
	r->request.height_rows = pmt_terminal_height(fd);
	r->request.color = pmt_terminal_color(fd, r->color);
	r->request.ascii = pmt_terminal_is_ascii();
}

static struct reading reading_new(void)
{
	return (struct reading){
	    .request = {.out = stdout,
			.show_source = true,
			.sort_descends = true,
			.min_share = -1,
			.trigger_bytes = -1},
	    .color = PMT_COLOR_AUTO,
	};
}

enum pmt_arguments_verdict pmt_arguments_read(int argc, char **argv,
					      const struct pmt_view **ret_view,
					      struct pmt_report_request *ret_request)
{
	struct reading r = reading_new();
	const struct pmt_view *view = NULL;
	int letter;

	optind = 1;
	while (!r.is_bad && (letter = getopt_long(argc, argv, ":f:o:s:rn:F:m:t:bw:hV",
						  long_options, NULL)) != -1) {
		if (letter == '?' || letter == ':') {
			if (letter == '?')
				refuse_option(&r, argv[optind - 1]);
			else
				pmt_message_error("%s: needs a value", argv[optind - 1]);
			r.is_bad = true;
			break;
		}
		if (letter == 'V') {
			puts("pymemtrace-report " PACKAGE_VERSION);
			return PMT_ARGUMENTS_DONE;
		}
		read_option(&r, letter);
	}
	if (!r.is_bad)
		r.is_bad = !pmt_words_read(&r.request, argc - optind, argv + optind,
					   r.wants_help, &view);
	if (!r.is_bad && r.wants_help) {
		pmt_help_print(argc > optind ? pmt_view_find(argv[optind]) : NULL);
		return PMT_ARGUMENTS_DONE;
	}
	r.request.options_used = r.options_used;
	if (r.is_bad || !pmt_view_accepts(view, &r.request, r.options_used)) {
		pmt_message_see_help();
		return PMT_ARGUMENTS_BAD;
	}
	settle_terminal(&r);
	*ret_view = view;
	*ret_request = r.request;
	return PMT_ARGUMENTS_RUN;
}
