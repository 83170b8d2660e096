/*
 * Reads the command line. Everything that can be wrong is found here, before the trace
 * is opened, and said with the option's name and what would be right; what the values of
 * options mean, option_values.c knows.
 */
#include "report/arguments.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#include "cli/message.h"
#include "cli/suggest.h"
#include "cli/terminal.h"
#include "report/help.h"
#include "report/option_values.h"
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
		r->is_bad |= !pmt_option_value_by(&r->request, optarg);
		break;
	case OPT_WITHIN:
		r->options_used |= PMT_TAKES_WITHIN;
		r->is_bad |= !pmt_option_value_within(&r->request, optarg);
		break;
	case OPT_OF:
		r->options_used |= PMT_TAKES_OF;
		r->is_bad |= !pmt_option_value_of(&r->request, optarg);
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
		r->is_bad |= !pmt_option_value_limit(&r->request, optarg);
		break;
	case 'F':
		r->options_used |= PMT_TAKES_FILTER;
		r->request.filter = optarg;
		break;
	case 'm':
		r->options_used |= PMT_TAKES_MIN_SHARE;
		r->is_bad |= !pmt_option_value_min_share(&r->request, optarg);
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
		r->is_bad |= !pmt_option_value_trigger(&r->request, optarg);
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
		r->is_bad |= !pmt_option_value_format(&r->request, optarg);
		break;
	case 'o':
		r->request.output_path = optarg;
		break;
	case 'b':
		r->request.exact_bytes = true;
		break;
	case 'w':
		r->is_bad |= !pmt_option_value_width(&r->request, optarg);
		break;
	case OPT_COLOR:
		r->is_bad |= !pmt_option_value_color(&r->color, optarg);
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
