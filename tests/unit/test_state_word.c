/*
 * Where a thread's state is kept, found among the variables of a module that is this
 * program: each thread has its own word, and none where that could be another one.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "support/run_suite.h"
#include "tracer/python/api.h"
#include "tracer/python/state_word.h"

static __thread void *state;
static __thread void *volatile other;
/* What the function says if it does not say what the variable says. */
static void *said;

static void *ask(void)
{
	return said ? said : state;
}

static void setup(void)
{
	pmt_py.minor = 12;
	pmt_py.thread_state_unchecked = ask;
	state = &pmt_py;
	other = NULL;
	said = NULL;
}

/* The thread's state is its argument. Returns whether its word is its own variable. */
static void *begin_thread(void *its_state)
{
	pmt_state_word *word;

	ck_assert_ptr_null(pmt_state_word_self()); /* without a state it is not known */
	state = its_state;
	word = pmt_state_word_self();
	ck_assert_ptr_eq(*word, its_state);
	state = NULL;
	ck_assert_ptr_null(*word);
	return (void *)word == (void *)&state ? its_state : NULL;
}

START_TEST(test_each_thread_has_its_own)
{
	int its_state;
	void *result;
	pthread_t thread;

	pmt_state_word_find_gil();
	ck_assert_ptr_eq((void *)pmt_state_word_self(), (void *)&state);
	ck_assert_int_eq(pthread_create(&thread, NULL, begin_thread, &its_state), 0);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	ck_assert_ptr_eq(result, &its_state);
	ck_assert_ptr_eq((void *)pmt_state_word_self(), (void *)&state);
}
END_TEST

START_TEST(test_of_two_words_neither)
{
	other = state;
	pmt_state_word_find_gil();
	ck_assert_ptr_null(pmt_state_word_self());
	other = NULL; /* at another attachment there is one */
	pmt_state_word_find_gil();
	ck_assert_ptr_nonnull(pmt_state_word_self());
}
END_TEST

START_TEST(test_a_word_that_says_something_else)
{
	int elsewhere;

	pmt_state_word_find_gil();
	said = &elsewhere;
	ck_assert_ptr_null(pmt_state_word_self());
	pmt_state_word_find_gil();
	said = NULL;
	ck_assert_ptr_null(pmt_state_word_self());
}
END_TEST

START_TEST(test_older_versions_have_none)
{
	pmt_py.minor = 11;
	pmt_state_word_find_gil();
	ck_assert_ptr_null(pmt_state_word_self());
}
END_TEST

START_TEST(test_nothing_is_found_without_a_state)
{
	state = NULL;
	pmt_state_word_find_gil();
	state = &pmt_py;
	ck_assert_ptr_null(pmt_state_word_self());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state_word");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_each_thread_has_its_own);
	tcase_add_test(tc, test_of_two_words_neither);
	tcase_add_test(tc, test_a_word_that_says_something_else);
	tcase_add_test(tc, test_older_versions_have_none);
	tcase_add_test(tc, test_nothing_is_found_without_a_state);
	tcase_add_checked_fixture(tc, setup, NULL);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
