/* The manual pages say of every option what the option table says. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/option_table.h"
#include "base/phrase.h"
#include "support/run_suite.h"

/* The text of a page; freed by the caller. */
static char *read_page(const char *name)
{
	char path[512];
	const char *top = getenv("top_srcdir");

	snprintf(path, sizeof(path), "%s/doc/man/%s", top ? top : ".", name);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "cannot read %s", path);
	char *text = calloc(1, 65536);
	ck_assert_ptr_nonnull(text);
	size_t size = fread(text, 1, 65535, file);
	fclose(file);
	ck_assert_uint_lt(size, 65535);
	return text;
}

/* The item that begins with the line `head`, up to the next item of its list, as one
 * line; "" when there is none. */
static char *item_of(const char *page, const char *head)
{
	const char *at = strstr(page, head);
	char *item = calloc(1, 8192);
	int depth = 0;

	ck_assert_ptr_nonnull(item);
	for (at = at ? strchr(at + 1, '\n') : NULL; at; at = strchr(at, '\n')) {
		at++;
		if (depth == 0 && (strncmp(at, ".It ", 4) == 0 || !strncmp(at, ".El", 3)))
			break;
		depth += strncmp(at, ".Bl ", 4) == 0;
		depth -= strncmp(at, ".El", 3) == 0;
		strncat(item, at, strcspn(at, "\n"));
		strcat(item, " ");
	}
	return item;
}

static void put_default(struct pmt_phrase *phrase, const struct pmt_option *option)
{
	pmt_phrase_put(phrase, "Default: .Cm ");
	pmt_phrase_put(phrase, option->initial);
	pmt_phrase_put(phrase, " ");
}

static bool is_number(const struct pmt_option *option)
{
	return option->type == PMT_OPTION_SIZE || option->type == PMT_OPTION_DURATION;
}

static void check_words(const struct pmt_option *option, const char *item)
{
	for (size_t w = 0; w < option->word_count; w++) {
		const struct pmt_option_word *word = &option->words[w];
		char plain[64], listed[64];

		snprintf(plain, sizeof(plain), ".Cm %s ", word->name);
		snprintf(listed, sizeof(listed), ".It Cm %s ", word->name);
		bool is_there = strstr(item, plain) || strstr(item, listed);
		ck_assert_msg(is_there == !word->later, "%s=%s is %sin pymemtrace.1",
			      option->key, word->name, is_there ? "" : "not ");
	}
}

START_TEST(pymemtrace_1_explains_every_key)
{
	const struct pmt_option *option = &pmt_option_table[_i];
	char *page = read_page("pymemtrace.1");
	char head[128], wanted[256];
	struct pmt_phrase phrase;

	snprintf(head, sizeof(head), "\n.It Cm %s Ns = Ns Ar %s\n", option->key,
		 option->unit);
	char *item = item_of(page, head);
	ck_assert_msg(*item, "no item%s", head);
	pmt_phrase_init(&phrase, wanted, sizeof(wanted));
	if (option->initial) {
		put_default(&phrase, option);
		ck_assert_msg(strstr(item, wanted) != NULL, "%s: no \"%s\" in: %s",
			      option->key, wanted, item);
	}
	if (is_number(option)) {
		pmt_phrase_init(&phrase, wanted, sizeof(wanted));
		pmt_option_put_allowed(&phrase, option);
		ck_assert_msg(strstr(item, wanted) != NULL, "%s: no \"%s\" in: %s",
			      option->key, wanted, item);
	}
	check_words(option, item);
	free(item);
	free(page);
}
END_TEST

START_TEST(pymemtrace_run_1_lists_every_flag)
{
	const struct pmt_option *option = &pmt_option_table[_i];
	char *page = read_page("pymemtrace-run.1");
	char name[64], head[160];

	snprintf(name, sizeof(name), "%s", option->key);
	for (char *at = name; (at = strchr(at, '_')) != NULL;)
		*at = '-';
	snprintf(head, sizeof(head),
		 option->type == PMT_OPTION_FLAG ? "Fl -%s Ns Op = Ns Ar %s\n"
						 : "Fl -%s Ns = Ns Ar %s\n",
		 name, option->unit);
	char *item = item_of(page, head);
	ck_assert_msg(*item, "no item %s", head);
	if (option->type != PMT_OPTION_FLAG)
		check_words(option, item);
	free(item);
	free(page);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("manual");
	TCase *tc = tcase_create("manual");

	tcase_add_loop_test(tc, pymemtrace_1_explains_every_key, 0,
			    (int)pmt_option_count);
	tcase_add_loop_test(tc, pymemtrace_run_1_lists_every_flag, 0,
			    (int)pmt_option_count);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
