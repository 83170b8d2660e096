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

#include "cli/message.h"
#include "cli/suggest.h"
#include "cli/terminal.h"
#include "report/help.h"

enum {
	OPT_COLOR = 256,
	OPT_STRICT,
	OPT_INCLUSIVE,
	OPT_BY_THREAD,
	OPT_NO_SOURCE,
	WIDTH_MIN = 20,
	WIDTH_MAX = 1000,
	WORDS_MAX = 32,
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
    {"bytes", no_argument, NULL, 'b'},
    {"width", required_argument, NULL, 'w'},
    {"color", required_argument, NULL, OPT_COLOR},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* Which view option a command line option stands for, and how it is named. */
static const struct {
	int letter;
	unsigned option;
	const char *name;
} view_options[] = {
    {'s', PMT_TAKES_SORT, "--sort"},
    {OPT_INCLUSIVE, PMT_TAKES_SORT, "--inclusive"},
    {'r', PMT_TAKES_SORT, "--reverse"},
    {'n', PMT_TAKES_LIMIT, "--limit"},
    {'F', PMT_TAKES_FILTER, "--filter"},
    {'m', PMT_TAKES_MIN_SHARE, "--min-share"},
    {'t', PMT_TAKES_THREAD, "--thread"},
    {OPT_BY_THREAD, PMT_TAKES_BY_THREAD, "--by-thread"},
    {OPT_NO_SOURCE, PMT_TAKES_SOURCE, "--no-source"},
};

/* The command line while it is read. */
struct reading {
	struct pmt_report_request request;
	enum pmt_color_choice color;
	unsigned view_options_used; /* bits: index into view_options */
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

static void read_view_option(struct reading *r, int letter)
{
	for (size_t i = 0; i < sizeof(view_options) / sizeof(*view_options); i++) {
		if (view_options[i].letter == letter)
			r->view_options_used |= 1u << i;
	}
	switch (letter) {
	case 's':
		r->request.sort = optarg;
		break;
	case OPT_INCLUSIVE:
		r->request.sort_inclusive = true;
		break;
	case 'r':
		r->request.sort_descends = false;
		break;
	case 'n':
		read_limit(r);
		break;
	case 'F':
		r->request.filter = optarg;
		break;
	case 'm':
		read_min_share(r);
		break;
	case 't':
		r->request.thread = optarg;
		break;
	case OPT_BY_THREAD:
		r->request.by_thread = true;
		break;
	case OPT_NO_SOURCE:
		r->request.show_source = false;
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
	case '?': /* getopt_long has named it on stderr */
		r->is_bad = true;
		break;
	default:
		read_view_option(r, letter);
		break;
	}
}

static const struct pmt_view *find_view(const char *word)
{
	for (const struct pmt_view *const *v = pmt_report_views; *v; v++) {
		if (strcmp((*v)->name, word) == 0)
			return *v;
	}
	return NULL;
}

static const char *suggest_view(const char *word)
{
	const char *names[WORDS_MAX];
	size_t count = 0;

	for (const struct pmt_view *const *v = pmt_report_views; *v && count < WORDS_MAX;
	     v++)
		names[count++] = (*v)->name;
	return pmt_suggest(word, names, count);
}

static bool refuse_view(const char *word)
{
	const char *near = suggest_view(word);

	if (near)
		pmt_message_error("unknown view '%s'; did you mean '%s'?", word, near);
	else
		pmt_message_error("unknown view '%s' (and no file of that name)", word);
	return false;
}

/* The words that are no options: [VIEW] [trace]. */
static bool read_words(struct reading *r, int count, char **words,
		       const struct pmt_view **ret_view)
{
	const struct pmt_view *view = count > 0 ? find_view(words[0]) : NULL;
	int used = view ? 1 : 0;

	if (count > 0 && !view && !r->wants_help) {
		/* A lone word that names no file and looks like no path was meant as a
		 * view; of two words the first is one. */
		bool is_path = strpbrk(words[0], "/.") || access(words[0], F_OK) == 0;
		if (count > 1 ? !find_view(words[0]) : !is_path)
			return refuse_view(words[0]);
	}
	if (count - used > 1) {
		pmt_message_error("'%s': one trace at a time", words[used + 1]);
		return false;
	}
	r->request.trace_path = count > used ? words[used] : "trace.bin";
	*ret_view = view ? view : pmt_report_views[0];
	return true;
}

static bool has_word(const char *list, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = list; *at; at += strcspn(at, " "), at += *at == ' ') {
		if (strncmp(at, word, size) == 0 && (at[size] == ' ' || at[size] == '\0'))
			return true;
	}
	return false;
}

static bool check_sort(const struct pmt_view *view, const char *key)
{
	if (!key || has_word(view->sort_keys, key))
		return true;
	char list[512];
	const char *names[WORDS_MAX];
	size_t count = 0;
	char *rest = NULL;

	strncpy(list, view->sort_keys, sizeof(list) - 1);
	list[sizeof(list) - 1] = '\0';
	for (char *word = strtok_r(list, " ", &rest); word && count < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		names[count++] = word;
	const char *near = pmt_suggest(key, names, count);
	if (near)
		pmt_message_error("--sort=%s: unknown key; did you mean '%s'?", key,
				  near);
	else
		pmt_message_error("--sort=%s: expected one of: %s", key, view->sort_keys);
	return false;
}

/* Options and formats that this view does not know are mistakes, not noise. */
static bool check_for_view(const struct reading *r, const struct pmt_view *view)
{
	for (size_t i = 0; i < sizeof(view_options) / sizeof(*view_options); i++) {
		if ((r->view_options_used & 1u << i) &&
		    !(view->options & view_options[i].option)) {
			pmt_message_error("%s: the view '%s' has no such option",
					  view_options[i].name, view->name);
			return false;
		}
	}
	if (!(view->formats & PMT_FORMAT_BIT(r->request.format))) {
		pmt_message_error("--format=%s: the view '%s' cannot be written so",
				  pmt_format_name(r->request.format), view->name);
		return false;
	}
	return check_sort(view, r->request.sort);
}

static void settle_terminal(struct reading *r)
{
	int fd = r->request.output_path ? -1 : STDOUT_FILENO;

	if (r->request.width_columns == 0)
		r->request.width_columns = pmt_terminal_width(fd);
	r->request.color = pmt_terminal_color(fd, r->color);
	r->request.ascii = pmt_terminal_is_ascii();
}

static struct reading reading_new(void)
{
	return (struct reading){
	    .request = {.out = stdout,
			.show_source = true,
			.sort_descends = true,
			.min_share = -1},
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
	while ((letter = getopt_long(argc, argv, "f:o:s:rn:F:m:t:bw:hV", long_options,
				     NULL)) != -1) {
		if (letter == 'V') {
			puts("pymemtrace-report " PACKAGE_VERSION);
			return PMT_ARGUMENTS_DONE;
		}
		read_option(&r, letter);
	}
	if (!r.is_bad)
		r.is_bad = !read_words(&r, argc - optind, argv + optind, &view);
	if (!r.is_bad && r.wants_help) {
		pmt_help_print(argc > optind ? find_view(argv[optind]) : NULL);
		return PMT_ARGUMENTS_DONE;
	}
	if (r.is_bad || !check_for_view(&r, view)) {
		pmt_message_see_help();
		return PMT_ARGUMENTS_BAD;
	}
	settle_terminal(&r);
	*ret_view = view;
	*ret_request = r.request;
	return PMT_ARGUMENTS_RUN;
}
