/*
 * Patterns: known cases, libc's fnmatch as an independent second opinion on random ones,
 * and that a hostile pattern takes no more than pattern times text steps.
 */
#include "base/glob.h"
#include "support/run_suite.h"

#include <check.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sample {
	const char *pattern;
	const char *text;
	bool match;
};

static const struct sample samples[] = {
    {"", "", true},
    {"", "a", false},
    {"*", "", true},
    {"*", "a/b.c", true},
    {"**", "abc", true},
    {"?", "", false},
    {"?", "a", true},
    {"?", "ab", false},
    {"*.py", "/srv/app/main.py", true},
    {"*.py", "/srv/app/main.pyc", false},
    {"*/site-packages/*", "/usr/lib/site-packages/x/y.py", true},
    {"Server.*", "Server.handle.<locals>.inner", true},
    {"Server.*", "server.handle", false},
    {"a*b*c", "aXbXbXc", true},
    {"a*b*c", "aXbXbX", false},
    {"[abc]", "b", true},
    {"[abc]", "d", false},
    {"[a-c]x", "bx", true},
    {"[!a-c]x", "bx", false},
    {"[!a-c]x", "dx", true},
    {"[]]", "]", true},
    {"[!]]", "]", false},
    {"[a-]", "-", true},
    {"[*]", "*", true},
    {"[*]", "a", false},
    {"[abc", "[abc", true},
    {"[abc", "a", false},
    {"x[", "x[", true},
    {"\\*", "\\abc", true},
    {"\\*", "*", false},
    {"f?o", "f\xc3\xb6o", true},               /* one character of two bytes */
    {"f??o", "f\xc3\xb6o", false},             /* and not two */
    {"[\xc3\xa4-\xc3\xbc]", "\xc3\xb6", true}, /* a range of them */
    {"[\xc3\xa4-\xc3\xbc]", "\xc3\xbf", false},
    {"?", "\xff", true},   /* a byte that is no UTF-8 */
    {"a?", "a\xc3", true}, /* a sequence cut short */
    {"\xff", "\xff", true},
    {"\xfe", "\xff", false},
};

START_TEST(known_cases_match)
{
	const struct sample *s = &samples[_i];

	ck_assert_msg(pmt_glob_match(s->pattern, s->text, strlen(s->text)) == s->match,
		      "\"%s\" on \"%s\" must %smatch", s->pattern, s->text,
		      s->match ? "" : "not ");
}
END_TEST

START_TEST(the_text_ends_at_its_size)
{
	ck_assert(pmt_glob_match("abc", "abcdef", 3));
	ck_assert(!pmt_glob_match("abc", "abcdef", 2));
	ck_assert(pmt_glob_match("a?c", "a\0c", 3));
}
END_TEST

static void random_text(char *text, size_t size_max, const char *letters)
{
	size_t size = (size_t)random() % size_max;

	for (size_t i = 0; i < size; i++)
		text[i] = letters[(size_t)random() % strlen(letters)];
	text[size] = 0;
}

/* Whether both sides mean the same: fnmatch reads [: [. and [= as classes, and leaves a
 * range whose ends are swapped or a [ without ] to the implementation. */
static bool comparable(const char *pattern)
{
	for (const char *p = pattern; *p; p++) {
		if (*p != '[')
			continue;
		const char *set = p + 1 + (p[1] == '!');
		const char *close = *set ? strchr(set + 1, ']') : NULL;

		if (!close)
			return false;
		for (const char *q = set; q < close; q++)
			if (q > set && *q == '-' && q + 1 < close && q[-1] > q[1])
				return false;
		p = close;
	}
	return true;
}

START_TEST(random_patterns_agree_with_fnmatch)
{
	const char *given = getenv("PMT_TEST_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	int compared = 0, matched = 0;

	printf("random_patterns_agree_with_fnmatch: PMT_TEST_SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 200000; i++) {
		char pattern[12], text[12];

		random_text(pattern, sizeof(pattern), "aab*?[]!-c");
		random_text(text, sizeof(text), "aabc]-");
		if (!comparable(pattern))
			continue;
		bool theirs = fnmatch(pattern, text, FNM_NOESCAPE) == 0;
		compared++;
		matched += theirs;
		ck_assert_msg(pmt_glob_match(pattern, text, strlen(text)) == theirs,
			      "\"%s\" on \"%s\": fnmatch says %d (seed %u)", pattern,
			      text, theirs, seed);
	}
	/* Otherwise the comparison would say nothing. */
	ck_assert_int_gt(compared, 50000);
	ck_assert_int_gt(matched, 1000);
}
END_TEST

/* Exponential matchers would not end within the life of the universe here; this one is
 * bounded by 80 times 100,000 steps, and check's time limit of 4 s would say so. */
START_TEST(a_hostile_pattern_ends)
{
	char pattern[81], *text = malloc(100000);

	ck_assert_ptr_nonnull(text);
	memset(text, 'a', 100000);
	for (size_t i = 0; i < 80; i += 2)
		memcpy(pattern + i, "*a", 2);
	memcpy(pattern + 78, "*b", 3);
	ck_assert(!pmt_glob_match(pattern, text, 100000));
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("glob");
	TCase *tc = tcase_create("glob");

	tcase_add_loop_test(tc, known_cases_match, 0,
			    (int)(sizeof(samples) / sizeof(samples[0])));
	tcase_add_test(tc, the_text_ends_at_its_size);
	tcase_add_test(tc, random_patterns_agree_with_fnmatch);
	tcase_add_test(tc, a_hostile_pattern_ends);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
