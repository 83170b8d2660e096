/* What the tools share: numbers, names and paragraphs as text. */
#include <check.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/figure_text.h"
#include "cli/fit.h"
#include "cli/suggest.h"
#include "cli/wrap.h"
#include "support/run_suite.h"

static const struct {
	uint64_t bytes;
	const char *text;
	const char *exact;
} sizes[] = {
    {0, "0 B", "0"},
    {1023, "1023 B", "1,023"},
    {1024, "1.0 KiB", "1,024"},
    {1048524, "1023.9 KiB", "1,048,524"},
    {1048575, "1.0 MiB", "1,048,575"}, /* never "1024.0 KiB" */
    {314572800, "300.0 MiB", "314,572,800"},
    {UINT64_MAX, "16384.0 PiB", "18,446,744,073,709,551,615"},
};

START_TEST(sizes_are_readable)
{
	char text[PMT_FIGURE_BYTES];

	ck_assert_str_eq(pmt_figure_bytes(text, sizes[_i].bytes, false), sizes[_i].text);
	ck_assert_str_eq(pmt_figure_bytes(text, sizes[_i].bytes, true), sizes[_i].exact);
}
END_TEST

START_TEST(changes_have_a_sign)
{
	char text[PMT_FIGURE_BYTES];

	ck_assert_str_eq(pmt_figure_change(text, 0, false), "0 B");
	ck_assert_str_eq(pmt_figure_change(text, 2048, false), "+2.0 KiB");
	ck_assert_str_eq(pmt_figure_change(text, -2048, false), "-2.0 KiB");
	ck_assert_str_eq(pmt_figure_change(text, -1234567, true), "-1,234,567");
	ck_assert_str_eq(pmt_figure_change(text, INT64_MIN, true),
			 "-9,223,372,036,854,775,808");
}
END_TEST

START_TEST(counts_and_durations)
{
	char text[PMT_FIGURE_BYTES];

	ck_assert_str_eq(pmt_figure_count(text, 999999, false), "999,999");
	ck_assert_str_eq(pmt_figure_count(text, 1200000, false), "1.2 M");
	ck_assert_str_eq(pmt_figure_count(text, 1200000, true), "1,200,000");
	ck_assert_str_eq(pmt_figure_count(text, 999999999, false), "1.0 G");
	ck_assert_str_eq(pmt_figure_duration(text, 0), "0 us");
	ck_assert_str_eq(pmt_figure_duration(text, 999400), "999 us");
	ck_assert_str_eq(pmt_figure_duration(text, 999600), "1.0 ms");
	ck_assert_str_eq(pmt_figure_duration(text, 8210000000), "8.21 s");
	ck_assert_str_eq(pmt_figure_duration(text, 125000000000), "2 min 05 s");
	ck_assert_str_eq(pmt_figure_duration(text, 3720000000000), "1 h 02 min");
	ck_assert_str_eq(pmt_figure_duration(text, -5000000), "-5.0 ms");
	ck_assert_str_eq(pmt_figure_share(text, 0.9054), "90.5%");
}
END_TEST

static const struct {
	const char *text;
	unsigned columns;
	enum pmt_fit keep;
	bool ascii;
	const char *out;
	unsigned used;
} fits[] = {
    {"abc", 3, PMT_FIT_START, false, "abc", 3},
    {"abcd", 3, PMT_FIT_START, false, "ab\u2026", 3},
    {"abcd", 3, PMT_FIT_END, false, "\u2026cd", 3},
    {"abcdef", 5, PMT_FIT_START, true, "ab...", 5},
    {"abcdef", 5, PMT_FIT_END, true, "...ef", 5},
    {"abcdef", 2, PMT_FIT_START, true, "..", 2},
    {"abcdef", 0, PMT_FIT_START, false, "", 0},
    {"", 5, PMT_FIT_START, false, "", 0},
    {"gr\u00f6\u00dfe", 5, PMT_FIT_START, false, "gr\u00f6\u00dfe", 5},
    {"gr\u00f6\u00dfe", 5, PMT_FIT_START, true, "gr??e", 5},
    /* Wide characters are not cut in half. */
    {"\u51e6\u7406\u3059\u308b", 8, PMT_FIT_START, false, "\u51e6\u7406\u3059\u308b", 8},
    {"\u51e6\u7406\u3059\u308b", 6, PMT_FIT_START, false, "\u51e6\u7406\u2026", 5},
    {"\u51e6\u7406\u3059\u308b", 6, PMT_FIT_END, false, "\u2026\u3059\u308b", 5},
    /* Combining characters take no room. */
    {"e\u0301e\u0301", 2, PMT_FIT_START, false, "e\u0301e\u0301", 2},
    /* Control characters, escape sequences, direction overrides, broken UTF-8. */
    {"a\x1b[2Jb\n", 10, PMT_FIT_START, false, "a\ufffd[2Jb\ufffd", 7},
    {"\u202eabc", 10, PMT_FIT_START, false,
     "\ufffd"
     "abc",
     4},
    {"\xff\xc3(\xe2\x82", 10, PMT_FIT_START, false, "\ufffd\ufffd(\ufffd\ufffd", 5},
    {"\xc0\xaf\xed\xa0\x80", 10, PMT_FIT_START, true, "?????", 5},
};

START_TEST(names_fit_and_are_harmless)
{
	char out[PMT_FIT_ROOM(16)];

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	ck_assert_uint_eq(
	    pmt_fit(out, fits[_i].text, fits[_i].columns, fits[_i].keep, fits[_i].ascii),
	    fits[_i].used);
	ck_assert_str_eq(out, fits[_i].out);
	ck_assert_uint_le(fits[_i].used, fits[_i].columns);
}
END_TEST

/* Any bytes: never more columns than asked, never a byte beyond the room. */
START_TEST(any_bytes_fit)
{
	enum { COLUMNS = 12 };
	char text[64], out[PMT_FIT_ROOM(COLUMNS) + 4];
	unsigned seed = (unsigned)_i + 1;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = (char)(seed >> 16);
		}
		text[sizeof(text) - 1] = '\0';
		memset(out, 'X', sizeof(out));
		unsigned used = pmt_fit(out, text, COLUMNS, (enum pmt_fit)(round % 2),
					round % 3 == 0);
		ck_assert_msg(used <= COLUMNS, "seed %u", seed);
		ck_assert_msg(memchr(out, '\0', PMT_FIT_ROOM(COLUMNS)) != NULL, "seed %u",
			      seed);
		ck_assert_msg(memcmp(out + PMT_FIT_ROOM(COLUMNS), "XXXX", 4) == 0,
			      "seed %u", seed);
	}
}
END_TEST

START_TEST(slips_are_recognised)
{
	static const char *const words[] = {"summary", "functions", "tree", "threads"};

	ck_assert_str_eq(pmt_suggest("sumary", words, 4), "summary");
	ck_assert_str_eq(pmt_suggest("fucntions", words, 4), "functions");
	ck_assert_str_eq(pmt_suggest("thread", words, 4), "threads");
	ck_assert_str_eq(pmt_suggest("tee", words, 4), "tree");
	ck_assert_ptr_null(pmt_suggest("xyz", words, 4));
	ck_assert_ptr_null(pmt_suggest("", words, 4));
	ck_assert_ptr_null(pmt_suggest("tree", words, 0));
}
END_TEST

START_TEST(paragraphs_wrap_at_words)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	ck_assert_uint_eq(pmt_wrap_print(f, "! ", "one two three verylongword", 10), 3);
	ck_assert_uint_eq(pmt_wrap_print(f, "", "", 10), 1);
	fclose(f);
	ck_assert_str_eq(text, "! one two\n  three\n  verylongword\n\n");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli");
	TCase *tc = tcase_create("text");

	tcase_add_loop_test(tc, sizes_are_readable, 0, sizeof(sizes) / sizeof(*sizes));
	tcase_add_test(tc, changes_have_a_sign);
	tcase_add_test(tc, counts_and_durations);
	tcase_add_loop_test(tc, names_fit_and_are_harmless, 0,
			    sizeof(fits) / sizeof(*fits));
	tcase_add_loop_test(tc, any_bytes_fit, 0, 4);
	tcase_add_test(tc, slips_are_recognised);
	tcase_add_test(tc, paragraphs_wrap_at_words);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
