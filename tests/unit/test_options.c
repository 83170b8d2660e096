/*
 * The configuration: defaults, every key, escapes, limits, the wording of errors, and
 * that no text whatever makes the parser leave its bounds.
 */
#include "base/options.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/option_table.h"
#include "format/payload.h"
#include "support/run_suite.h"

static struct pmt_options options;
static struct pmt_options_error error;

static void parse_well(const char *text)
{
	char message[PMT_OPTIONS_MESSAGE_BYTES] = "";

	if (pmt_options_parse(&options, text, &error) < 0)
		pmt_options_explain(&error, message);
	ck_assert_msg(!message[0], "\"%s\": %s", text, message);
}

static const char *parse_badly(const char *text)
{
	static char message[PMT_OPTIONS_MESSAGE_BYTES];

	ck_assert_msg(pmt_options_parse(&options, text, &error) == -EINVAL,
		      "\"%s\" was accepted", text);
	ck_assert_uint_eq(options.modes, PMT_MODE_OFF);
	pmt_options_explain(&error, message);
	return message;
}

START_TEST(no_text_gives_the_defaults)
{
	const char *texts[] = {NULL, "", ",", ",,,"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(&options, 0xff, sizeof(options));
		parse_well(texts[i]);
		ck_assert_uint_eq(options.modes, PMT_MODE_CALLS);
		ck_assert_uint_eq(options.detail, PMT_DETAIL_STREAM);
		ck_assert_uint_eq(options.rss, PMT_RSS_WANTED_AUTO);
		ck_assert_uint_eq(options.ring, PMT_RING_AUTO);
		ck_assert_uint_eq(options.start, PMT_START_RUNNING);
		ck_assert_uint_eq(options.compress, PMT_COMPRESS_LZ4);
		ck_assert(!options.c_calls && !options.redact);
		ck_assert(!options.quiet && !options.verbose);
		ck_assert_uint_eq(options.interval_ns, 100000000);
		ck_assert_uint_eq(options.ring_size_bytes, 1 << 20);
		ck_assert_uint_eq(options.max_size_bytes, UINT64_C(4) << 30);
		ck_assert_uint_eq(options.min_rss_bytes, 0);
		ck_assert_uint_eq(options.min_alloc_bytes, 0);
		ck_assert_str_eq(options.out, "trace.bin");
		ck_assert_uint_eq(options.include.count, 0);
		ck_assert_uint_eq(options.exclude.count, 0);
		ck_assert_uint_eq(options.threads.count, 0);
	}
}
END_TEST

/* A default that its own row refuses would silently become 0. */
START_TEST(every_default_is_allowed)
{
	for (size_t i = 0; i < pmt_option_count; i++) {
		const struct pmt_option *option = &pmt_option_table[i];

		pmt_options_init(&options);
		if (option->initial)
			ck_assert_msg(pmt_options_set(&options, option, option->initial,
						      &error) == 0,
				      "%s=%s", option->key, option->initial);
	}
}
END_TEST

START_TEST(every_key_is_read)
{
	parse_well("mode=lines,c_calls=1,out=/tmp/t-%p.bin,rss=trigger,"
		   "interval=1s,ring=private,ring_size=64KiB,max_size=10MB,min_rss=4K,"
		   "min_alloc=1MiB,include=*/app/*,exclude=test_*,thread=worker-?,"
		   "start=paused,redact=1,compress=none,quiet=1,verbose=1");
	ck_assert_uint_eq(options.modes, PMT_MODE_CALLS | PMT_MODE_LINES);
	ck_assert_uint_eq(options.detail, PMT_DETAIL_STREAM);
	ck_assert_str_eq(options.out, "/tmp/t-%p.bin");
	ck_assert_uint_eq(options.rss, PMT_RSS_WANTED_TRIGGER);
	ck_assert_uint_eq(options.interval_ns, 1000000000);
	ck_assert_uint_eq(options.ring, PMT_RING_IN_PROCESS);
	ck_assert_uint_eq(options.ring_size_bytes, 65536);
	ck_assert_uint_eq(options.max_size_bytes, 10000000);
	ck_assert_uint_eq(options.min_rss_bytes, 4096);
	ck_assert_uint_eq(options.min_alloc_bytes, 1 << 20);
	ck_assert_str_eq(options.include.at[0], "*/app/*");
	ck_assert_str_eq(options.exclude.at[0], "test_*");
	ck_assert_str_eq(options.threads.at[0], "worker-?");
	ck_assert_uint_eq(options.start, PMT_START_PAUSED);
	ck_assert_uint_eq(options.compress, PMT_COMPRESS_NONE);
	ck_assert(options.c_calls && options.redact && options.quiet && options.verbose);
	parse_well("detail=tree"); /* does not go with min_rss */
	ck_assert_uint_eq(options.detail, PMT_DETAIL_TREE);
	parse_well("mode=allocs+refs,detail=live,live_size=64MiB");
	ck_assert_uint_eq(options.detail, PMT_DETAIL_LIVE);
	ck_assert_uint_eq(options.live_size_bytes, 64 << 20);
	parse_well("mode=allocs+calls,native=1,c_calls=1,start=paused,max_size=1MiB");
	ck_assert_uint_eq(options.modes, PMT_MODE_CALLS | PMT_MODE_ALLOCS);
	ck_assert(pmt_options_has_both(&options) && !pmt_options_can_sum(&options));
}
END_TEST

START_TEST(the_last_wins_and_globs_add_up)
{
	parse_well("out=a,include=x,out=b,include=y,mode=off,mode=calls+lines");
	ck_assert_str_eq(options.out, "b");
	ck_assert_uint_eq(options.include.count, 2);
	ck_assert_str_eq(options.include.at[0], "x");
	ck_assert_str_eq(options.include.at[1], "y");
	ck_assert_uint_eq(options.modes, PMT_MODE_CALLS | PMT_MODE_LINES);
}
END_TEST

START_TEST(backslashes_escape_commas_and_themselves_only)
{
	parse_well("out=a\\,b\\\\c\\d=e,include=f\\");
	ck_assert_str_eq(options.out, "a,b\\c\\d=e");
	ck_assert_str_eq(options.include.at[0], "f\\");
}
END_TEST

struct wrong {
	const char *text;
	enum pmt_options_fault fault;
	const char *message;
};

static const struct wrong wrongs[] = {
    {"a=", PMT_OPTIONS_UNKNOWN_KEY,
     "unknown key \"a\" (at character 1); the keys are mode, detail, c_calls, native, "
     "gc, sample, out, rss, "
     "interval, ring, ring_size, max_size, live_size, min_rss, min_alloc, include, "
     "exclude, thread, "
     "start, dump_signal, redact, compress, quiet, verbose"},
    {"modee=calls", PMT_OPTIONS_UNKNOWN_KEY,
     "unknown key \"modee\" (at character 1); did you mean \"mode\"?"},
    {"c_calls=1,compres=none", PMT_OPTIONS_UNKNOWN_KEY,
     "unknown key \"compres\" (at character 11); did you mean \"compress\"?"},
    {"include=\xc3\xa4,edtail=tree", PMT_OPTIONS_UNKNOWN_KEY,
     "unknown key \"edtail\" (at character 11); did you mean \"detail\"?"},
    {"mode", PMT_OPTIONS_NO_VALUE,
     "mode needs a value: mode=... (at character 1); allowed: "
     "calls|lines|allocs|off|refs|objects, "
     "joined "
     "with +"},
    {"quiet,mode=calls", PMT_OPTIONS_NO_VALUE,
     "quiet needs a value: quiet=... (at character 1); allowed: 0|1"},
    {"mode=call", PMT_OPTIONS_BAD_VALUE,
     "mode cannot be \"call\" (at character 1); did you mean \"calls\"? Allowed: "
     "calls|lines|allocs|off|refs|objects, joined with +"},
    {"mode=", PMT_OPTIONS_BAD_VALUE,
     "mode cannot be \"\" (at character 1); allowed: "
     "calls|lines|allocs|off|refs|objects, joined "
     "with "
     "+"},
    {"mode=calls+", PMT_OPTIONS_BAD_VALUE,
     "mode cannot be \"\" (at character 1); allowed: "
     "calls|lines|allocs|off|refs|objects, joined "
     "with "
     "+"},
    {"mode=off+calls", PMT_OPTIONS_BAD_VALUE,
     "mode cannot be \"off+calls\" (at character 1); allowed: "
     "calls|lines|allocs|off|refs|objects, joined with +"},
    {"mode=calls+objects", PMT_OPTIONS_NOT_YET,
     "mode=calls+objects is not in this version (at character 1); allowed: "
     "calls|lines|allocs|off|refs|objects, "
     "joined with +"},
    {"mode=calls+faults", PMT_OPTIONS_NOT_YET,
     "mode=faults is not in this version (at character 1); allowed: "
     "calls|lines|allocs|off|refs|objects, "
     "joined with +"},
    {"c_calls=yes", PMT_OPTIONS_BAD_VALUE,
     "c_calls cannot be \"yes\" (at character 1); allowed: 0|1"},
    {"interval=9ms", PMT_OPTIONS_OUT_OF_RANGE,
     "interval is out of range: \"9ms\" (at character 1); allowed: 0, or 10ms to 1h"},
    {"interval=100", PMT_OPTIONS_BAD_VALUE,
     "interval cannot be \"100\" (at character 1); allowed: 0, or 10ms to 1h"},
    {"ring_size=65K", PMT_OPTIONS_OUT_OF_RANGE,
     "ring_size is out of range: \"65K\" (at character 1); allowed: 64KiB to 64MiB, a "
     "power of two"},
    {"ring_size=0", PMT_OPTIONS_OUT_OF_RANGE,
     "ring_size is out of range: \"0\" (at character 1); allowed: 64KiB to 64MiB, a "
     "power of two"},
    {"max_size=1000", PMT_OPTIONS_OUT_OF_RANGE,
     "max_size is out of range: \"1000\" (at character 1); allowed: 0, or 1MiB or more"},
    {"min_rss=99999999T", PMT_OPTIONS_OUT_OF_RANGE,
     "min_rss is out of range: \"99999999T\" (at character 1); allowed: a size such as "
     "512, 64K, 512KiB or 1MB"},
    {"out=", PMT_OPTIONS_BAD_VALUE,
     "out cannot be \"\" (at character 1); allowed: a path, in which % stands before p "
     "or %"},
    {"out=%d.bin", PMT_OPTIONS_BAD_VALUE,
     "out cannot be \"%d.bin\" (at character 1); allowed: a path, in which % stands "
     "before p or %"},
    {"include=", PMT_OPTIONS_BAD_VALUE,
     "include cannot be \"\" (at character 1); allowed: a pattern with *, ? and [...]"},
    {"\x1b[31m=1", PMT_OPTIONS_UNKNOWN_KEY, NULL},
    {"min_alloc=1M,detail=tree", PMT_OPTIONS_CONFLICT,
     "min_alloc does not go with detail=tree: it chooses among events, of which the tree "
     "holds sums"},
    {"detail=tree,min_rss=1M,min_alloc=1M", PMT_OPTIONS_CONFLICT, NULL},
    {"detail=tree,mode=lines", PMT_OPTIONS_CONFLICT,
     "mode does not go with detail=tree or live: calls alone are summed per call path, "
     "and allocs with what is live"},
    {"detail=live", PMT_OPTIONS_CONFLICT, NULL},
    {"mode=lines,detail=live", PMT_OPTIONS_CONFLICT, NULL},
    {"mode=allocs,detail=tree", PMT_OPTIONS_CONFLICT, NULL},
    {"mode=objects,detail=live", PMT_OPTIONS_CONFLICT, NULL},
    {"gc=1,detail=tree", PMT_OPTIONS_CONFLICT,
     "gc does not go with detail=tree or live: collections are single events, of which "
     "they hold none"},
    {"mode=allocs,detail=live,gc=1", PMT_OPTIONS_CONFLICT, NULL},
    {"mode=objects,sample=1MiB", PMT_OPTIONS_CONFLICT, NULL},
    {"mode=allocs,detail=live,sample=1MiB", PMT_OPTIONS_CONFLICT, NULL},
    {"mode=calls+allocs,detail=tree", PMT_OPTIONS_CONFLICT,
     "mode does not go with detail=tree or live: calls alone are summed per call path, "
     "and allocs with what is live"},
    {"mode=lines+allocs,detail=live", PMT_OPTIONS_CONFLICT, NULL},
    {"mode=calls+allocs,sample=1MiB", PMT_OPTIONS_CONFLICT,
     "sample does not go with mode=calls+allocs: every call and every block of all "
     "threads is written there"},
    {"mode=calls+allocs,min_rss=1MiB", PMT_OPTIONS_CONFLICT, NULL},
    {"mode=calls+allocs,min_alloc=1MiB", PMT_OPTIONS_CONFLICT, NULL},
    {"thread=Main*,mode=calls+allocs", PMT_OPTIONS_CONFLICT, NULL},
};

START_TEST(errors_say_what_where_and_what_is_allowed)
{
	const struct wrong *w = &wrongs[_i];
	const char *message = parse_badly(w->text);

	ck_assert_uint_eq(error.fault, w->fault);
	if (w->message)
		ck_assert_str_eq(message, w->message);
	for (const char *p = message; *p; p++)
		ck_assert_msg((unsigned char)*p >= 0x20,
			      "control character in a message");
}
END_TEST

START_TEST(the_complaint_is_one_whole_line)
{
	char message[PMT_OPTIONS_MESSAGE_BYTES], text[3000];

	parse_badly("modee=calls");
	size_t size = pmt_options_complain(&error, message);
	ck_assert_str_eq(message, "PYMEMTRACE: unknown key \"modee\" (at character 1); "
				  "did you mean \"mode\"? The program runs untraced.\n");
	ck_assert_uint_eq(size, strlen(message));
	/* However long what was wrong is. */
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	parse_badly(text);
	size = pmt_options_complain(&error, message);
	ck_assert_uint_lt(size, PMT_OPTIONS_MESSAGE_BYTES);
	ck_assert_str_eq(message + size - 29, ". The program runs untraced.\n");
}
END_TEST

/* 64 patterns fit, 65 do not. */
START_TEST(patterns_are_counted)
{
	char text[64 * 10 + 16] = "";

	for (int i = 0; i < PMT_OPTIONS_GLOBS_MAX; i++)
		strcat(text, "exclude=a,");
	parse_well(text);
	ck_assert_uint_eq(options.exclude.count, 64);
	strcat(text, "exclude=b");
	ck_assert_str_eq(parse_badly(text),
			 "more than 64 patterns for exclude (at character 641)");
}
END_TEST

/* The text area is used to its last byte and not beyond. */
START_TEST(long_texts_are_refused)
{
	static char text[PMT_OPTIONS_TEXT_BYTES + 64];
	size_t size = PMT_OPTIONS_TEXT_BYTES - 2;

	memcpy(text, "out=", 4);
	memset(text + 4, 'o', size);
	text[4 + size] = 0;
	parse_well(text);
	ck_assert_uint_eq(strlen(options.out), size);
	text[4 + size] = 'o';
	text[4 + size + 1] = 0;
	ck_assert_str_eq(
	    parse_badly(text),
	    "more than 8192 bytes of options, reached in out (at character 1)");
	/* Values that nobody refers to afterwards take no room. */
	text[0] = 0;
	for (int i = 0; i < 400; i++)
		memcpy(text + (size_t)i * 10, "c_calls=1,", 11);
	parse_well(text);
	ck_assert_uint_eq(options.text_bytes, 0);
}
END_TEST

START_TEST(single_values_follow_the_same_rules)
{
	const struct pmt_option *out = pmt_option_find("out", 3);
	const struct pmt_option *mode = pmt_option_find("mode", 4);
	char message[PMT_OPTIONS_MESSAGE_BYTES];

	pmt_options_init(&options);
	ck_assert_int_eq(pmt_options_set(&options, out, "a,b\\c", &error), 0);
	ck_assert_str_eq(options.out, "a,b\\c");
	ck_assert_int_eq(pmt_options_set(&options, mode, "lines", &error), 0);
	ck_assert_uint_eq(options.modes, PMT_MODE_CALLS | PMT_MODE_LINES);
	ck_assert_int_eq(pmt_options_set(&options, mode, "faults", &error), -EINVAL);
	pmt_options_explain(&error, message);
	ck_assert_str_eq(message, "mode=faults is not in this version; allowed: "
				  "calls|lines|allocs|off|refs|objects, joined with +");
}
END_TEST

/* pmt_rss_start() takes the method plus one, 0 for the best there is. */
START_TEST(rss_words_are_methods_plus_one)
{
	ck_assert_uint_eq(PMT_RSS_WANTED_OFF, PMT_RSS_OFF + 1);
	ck_assert_uint_eq(PMT_RSS_WANTED_EXACT, PMT_RSS_EXACT + 1);
	ck_assert_uint_eq(PMT_RSS_WANTED_TRIGGER, PMT_RSS_TRIGGER + 1);
	ck_assert_uint_eq(PMT_RSS_WANTED_CLOCK, PMT_RSS_CLOCK + 1);
	ck_assert_uint_eq(PMT_RSS_WANTED_EACH, PMT_RSS_EACH + 1);
}
END_TEST

START_TEST(the_path_holds_the_pid)
{
	char path[32];

	parse_well("out=t.%p.100%%");
	ck_assert_int_eq(pmt_options_expand_out(&options, 4711, path, sizeof(path)), 0);
	ck_assert_str_eq(path, "t.4711.100%");
	ck_assert_int_eq(pmt_options_expand_out(&options, 4711, path, 12), 0);
	ck_assert_int_eq(pmt_options_expand_out(&options, 4711, path, 11), -ENAMETOOLONG);
	ck_assert_int_eq(pmt_options_expand_out(&options, 4711, path, 0), -ENAMETOOLONG);
}
END_TEST

static bool selects(const char *file, const char *name)
{
	return pmt_options_select_code(&options, file, strlen(file), name, strlen(name));
}

START_TEST(filters_look_at_path_file_and_name)
{
	parse_well("");
	ck_assert(selects("/srv/app/main.py", "run"));
	parse_well("include=main.py,include=*/lib/*,include=Server.*,exclude=*.skip");
	ck_assert(selects("/srv/app/main.py", "run"));
	ck_assert(selects("main.py", "run"));
	ck_assert(selects("/srv/lib/x.py", "run"));
	ck_assert(selects("<string>", "Server.run"));
	ck_assert(!selects("/srv/app/other.py", "run"));
	ck_assert(!selects("/srv/app/main.py", "Server.skip"));
	ck_assert(!selects("", ""));
	parse_well("exclude=*/lib/*");
	ck_assert(selects("", ""));
	ck_assert(!selects("/srv/lib/x.py", "run"));
	ck_assert(pmt_options_select_thread(&options, "any", 3));
	parse_well("thread=worker-*");
	ck_assert(pmt_options_select_thread(&options, "worker-1", 8));
	ck_assert(!pmt_options_select_thread(&options, "main", 4));
}
END_TEST

/* Words of the grammar thrown together: the parser must end, keep its bounds (under the
 * sanitizers), and an accepted text must have kept every limit of the table. */
START_TEST(random_texts_do_no_harm)
{
	static const char *const parts[] = {
	    "mode",     "=",
	    ",",        "calls",
	    "+",        "lines",
	    "off",      "out",
	    "\\",       "%p",
	    "%",        "rss",
	    "each",     "100ms",
	    "1MiB",     "ring_size",
	    "0",        "1",
	    "include",  "*",
	    "[",        "]",
	    "\xff",     "detail",
	    "tree",     "quiet",
	    "=1,",      "=0,",
	    "min_rss",  "=,",
	    "\\,",      "interval",
	    "\x01",     "999999999999999999999",
	    "max_size", "start",
	    "paused",
	};
	const char *given = getenv("PMT_TEST_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	int accepted = 0;

	printf("random_texts_do_no_harm: PMT_TEST_SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 50000; i++) {
		char text[512] = "", message[PMT_OPTIONS_MESSAGE_BYTES];

		for (long n = random() % 12; n > 0; n--)
			strcat(
			    text,
			    parts[(size_t)random() % (sizeof(parts) / sizeof(parts[0]))]);
		if (pmt_options_parse(&options, text, &error) < 0) {
			size_t size = pmt_options_complain(&error, message);
			ck_assert_uint_eq(size, strlen(message));
			ck_assert_int_eq(message[size - 1], '\n');
			ck_assert_ptr_eq(strchr(message, '\n'), message + size - 1);
			continue;
		}
		accepted++;
		ck_assert(options.ring_size_bytes >= 65536 &&
			  options.ring_size_bytes <= 64 << 20);
		ck_assert(options.interval_ns == 0 || options.interval_ns >= 10000000);
		ck_assert_uint_gt(strlen(options.out), 0);
	}
	ck_assert_int_gt(accepted, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tc = tcase_create("options");

	tcase_add_test(tc, no_text_gives_the_defaults);
	tcase_add_test(tc, every_default_is_allowed);
	tcase_add_test(tc, every_key_is_read);
	tcase_add_test(tc, the_last_wins_and_globs_add_up);
	tcase_add_test(tc, backslashes_escape_commas_and_themselves_only);
	tcase_add_loop_test(tc, errors_say_what_where_and_what_is_allowed, 0,
			    (int)(sizeof(wrongs) / sizeof(wrongs[0])));
	tcase_add_test(tc, the_complaint_is_one_whole_line);
	tcase_add_test(tc, patterns_are_counted);
	tcase_add_test(tc, long_texts_are_refused);
	tcase_add_test(tc, single_values_follow_the_same_rules);
	tcase_add_test(tc, rss_words_are_methods_plus_one);
	tcase_add_test(tc, the_path_holds_the_pid);
	tcase_add_test(tc, filters_look_at_path_file_and_name);
	tcase_add_test(tc, random_texts_do_no_harm);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
