/*
 * Reads the command line. Each key of the option table is a flag, with - for _; a flag's
 * value goes through the same parser as the tracer's, so that nothing it would refuse
 * gets as far as starting the program.
 */
#include "config.h"

#include "run/arguments.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/option_table.h"
#include "cli/message.h"
#include "cli/suggest.h"
#include "run/settings.h"

enum {
	OPT_CHECK = 256,
	OPT_TABLE, /* and above: rows of the option table */
	FLAGS_MAX = 64,
};

/* getopt's view of the table; the names must outlive it. */
struct flags {
	struct option long_options[FLAGS_MAX];
	char names[FLAGS_MAX][PMT_LAUNCH_FLAG_BYTES];
	size_t count;
};

/* The command line while it is read. */
struct reading {
	struct pmt_launch_request *request;
	struct pmt_settings settings;
	struct flags flags;
};

void pmt_launch_flag_name(const char *key, char name[PMT_LAUNCH_FLAG_BYTES])
{
	size_t i = 0;

	name[i++] = '-';
	name[i++] = '-';
	while (*key && i < PMT_LAUNCH_FLAG_BYTES - 1)
		name[i++] = *key++;
	name[i] = '\0';
	for (char *at = name; (at = strchr(at, '_')) != NULL;)
		*at = '-';
}

static void add_flag(struct flags *flags, const char *key, int has_arg, int value)
{
	struct option *option = &flags->long_options[flags->count];
	char *name = flags->names[flags->count];

	pmt_launch_flag_name(key, name);
	*option = (struct option){name + 2, has_arg, NULL, value};
	flags->count++;
}

static void make_flags(struct flags *flags)
{
	memset(flags, 0, sizeof(*flags));
	for (size_t i = 0; i < pmt_option_count && i < FLAGS_MAX - 4; i++) {
		const struct pmt_option *option = &pmt_option_table[i];
		bool is_flag = option->type == PMT_OPTION_FLAG;

		add_flag(flags, option->key,
			 is_flag ? optional_argument : required_argument,
			 OPT_TABLE + (int)i);
	}
	add_flag(flags, "check", no_argument, OPT_CHECK);
	add_flag(flags, "help", no_argument, 'h');
	add_flag(flags, "version", no_argument, 'V');
}

static void refuse(struct reading *r)
{
	r->request->action = PMT_LAUNCH_REFUSED;
}

static void set_option(struct reading *r, const struct pmt_option *option,
		       const char *value)
{
	struct pmt_options_error error;
	char name[PMT_LAUNCH_FLAG_BYTES], message[PMT_OPTIONS_MESSAGE_BYTES];

	if (pmt_options_set(&r->request->options, option, value, &error) == 0) {
		pmt_settings_put(&r->settings, option->key, value);
		return;
	}
	pmt_launch_flag_name(option->key, name);
	error.key = name;
	error.key_bytes = strlen(name);
	pmt_options_explain(&error, message);
	pmt_message_error("%s", message);
	refuse(r);
}

static void refuse_unknown(struct reading *r, const char *word)
{
	const char *names[FLAGS_MAX];
	char name[PMT_LAUNCH_FLAG_BYTES] = "";
	size_t name_bytes = strcspn(word, "=");

	refuse(r);
	if (name_bytes < sizeof(name))
		memcpy(name, word, name_bytes);
	for (size_t i = 0; i < r->flags.count; i++)
		names[i] = r->flags.names[i];
	const char *near = pmt_suggest(name, names, r->flags.count);
	if (near)
		pmt_message_error("unknown option %s; did you mean %s?", word, near);
	else
		pmt_message_error("unknown option %s", word);
}

/* getopt did not like the word: optopt is 0 for an unknown long option, the letter of an
 * unknown short one, or the value of an option that was given an argument it has not. */
static void refuse_bad(struct reading *r, const char *word)
{
	char letter[3] = {'-', (char)optopt, '\0'};

	if (optopt == 0) {
		refuse_unknown(r, word);
	} else if (optopt >= OPT_CHECK || strncmp(word, "--", 2) == 0) {
		pmt_message_error("%s: this option takes no value", word);
		refuse(r);
	} else {
		refuse_unknown(r, letter);
	}
}

static void read_option(struct reading *r, int letter, char **argv)
{
	const char *word = argv[optind - 1];

	switch (letter) {
	case OPT_CHECK:
		r->request->action = PMT_LAUNCH_CHECK;
		break;
	case 'h':
		r->request->action = PMT_LAUNCH_HELP;
		break;
	case 'V':
		r->request->action = PMT_LAUNCH_VERSION;
		break;
	case 'o':
		set_option(r, pmt_option_find("out", 3), optarg);
		break;
	case 'q':
		set_option(r, pmt_option_find("quiet", 5), "1");
		break;
	case ':':
		pmt_message_error("%s needs a value", word);
		refuse(r);
		break;
	case '?':
		refuse_bad(r, word);
		break;
	default:
		set_option(r, &pmt_option_table[letter - OPT_TABLE],
			   optarg ? optarg : "1");
		break;
	}
}

/* Begins with what the environment says, which must be right too: the flags come on top
 * of it. */
static void read_environment(struct reading *r, const char *environment)
{
	struct pmt_options_error error;
	char message[PMT_OPTIONS_MESSAGE_BYTES];

	if (environment && *environment)
		pmt_settings_put_text(&r->settings, environment);
	if (pmt_options_parse(&r->request->options, environment, &error) == 0)
		return;
	pmt_options_explain(&error, message);
	pmt_message_error("in the environment variable PYMEMTRACE: %s", message);
	refuse(r);
}

/* The whole text once more: the parts may fit and the whole be too long. */
static void finish(struct reading *r)
{
	struct pmt_launch_request *request = r->request;
	struct pmt_options_error error;
	char message[PMT_OPTIONS_MESSAGE_BYTES];

	request->settings = pmt_settings_steal(&r->settings);
	if (!request->settings) {
		pmt_message_error("out of memory");
		refuse(r);
	} else if (request->action != PMT_LAUNCH_REFUSED &&
		   pmt_options_parse(&request->options, request->settings, &error) < 0) {
		pmt_options_explain(&error, message);
		pmt_message_error("%s", message);
		refuse(r);
	}
}

void pmt_launch_read(int argc, char **argv, const char *environment,
		     struct pmt_launch_request *request)
{
	struct reading r = {.request = request};
	int letter;

	request->action = PMT_LAUNCH_RUN;
	pmt_settings_init(&r.settings);
	make_flags(&r.flags);
	read_environment(&r, environment);
	opterr = 0;
	/* + stops at the program's name: what follows is the program's. */
	while (request->action == PMT_LAUNCH_RUN || request->action == PMT_LAUNCH_CHECK) {
		letter = getopt_long(argc, argv, "+:o:qhV", r.flags.long_options, NULL);
		if (letter == -1)
			break;
		read_option(&r, letter, argv);
	}
	request->program = argv + optind;
	if (request->action == PMT_LAUNCH_RUN && !request->program[0]) {
		pmt_message_error("no program to run");
		refuse(&r);
	}
	if (request->action == PMT_LAUNCH_CHECK && request->program[0] &&
	    request->program[1]) {
		pmt_message_error("--check takes one interpreter, not %s too",
				  request->program[1]);
		refuse(&r);
	}
	finish(&r);
	pmt_settings_close(&r.settings);
}
