/* Who a process is in its run, as it says to those that it will exec, and as they read
 * it. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/run_suite.h"
#include "tracer/run/identity.h"

static struct pmt_options options = {.out = "out.%p"};

/* The variable as it is in the environment now. */
static const char *variable(void)
{
	const char *value = getenv(PMT_RUN_VARIABLE);

	return value ? value : "";
}

START_TEST(test_the_first_makes_a_run)
{
	char expected[512], folder[256];

	ck_assert_ptr_nonnull(getcwd(folder, sizeof(folder)));
	unsetenv(PMT_RUN_VARIABLE);
	pmt_identity_init(&options, 1);
	ck_assert_int_eq(pmt_identity.first_pid, getpid());
	ck_assert_int_eq(pmt_identity.parent_pid, 0);
	snprintf(expected, sizeof(expected), ":%010d:%s/out.%d", getpid(), folder,
		 getpid());
	ck_assert_uint_eq(strlen(variable()), 2 * PMT_RUN_ID_BYTES + strlen(expected));
	ck_assert_str_eq(variable() + 2 * PMT_RUN_ID_BYTES, expected);
}
END_TEST

START_TEST(test_a_child_takes_it_over)
{
	static const uint8_t id[PMT_RUN_ID_BYTES] = {0x01, 0xab};
	char value[256] = "01ab";

	for (int i = 2; i < PMT_RUN_ID_BYTES; i++)
		strcat(value, "00");
	strcat(value, ":0000004711:/a:b/t");
	setenv(PMT_RUN_VARIABLE, value, 1);
	pmt_identity_init(&options, 1);
	ck_assert_int_eq(memcmp(pmt_identity.run_id, id, sizeof(id)), 0);
	ck_assert_int_eq(pmt_identity.parent_pid, 4711);
	ck_assert_str_eq(pmt_identity.parent_path, "/a:b/t");
	ck_assert_int_eq(strncmp(variable(), value, 2 * PMT_RUN_ID_BYTES), 0);
}
END_TEST

/* A shell between two traced programs hands on what it was given. */
START_TEST(test_a_program_in_between_is_no_parent)
{
	char value[256] = "";

	for (int i = 0; i < PMT_RUN_ID_BYTES; i++)
		strcat(value, "5a");
	strcat(value, ":0000000012:/t");
	setenv(PMT_RUN_VARIABLE, value, 1);
	pmt_identity_init(&options, 0);
	ck_assert_str_eq(variable(), value);
}
END_TEST

START_TEST(test_rubbish_begins_a_run)
{
	static const char *const values[] = {"", "x", "zz:1:/t", ":::", "01ab"};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		memset(&pmt_identity, 0, sizeof(pmt_identity));
		setenv(PMT_RUN_VARIABLE, values[i], 1);
		pmt_identity_init(&options, 1);
		ck_assert_int_eq(pmt_identity.parent_pid, 0);
		ck_assert_str_eq(pmt_identity.parent_path, "");
	}
}
END_TEST

/* Forked children that trace: each is its own in the environment, the ancestor is known.
 */
START_TEST(test_forked_children_adopt)
{
	char number[32];

	unsetenv(PMT_RUN_VARIABLE);
	pmt_identity_init(&options, 1);
	pid_t first = pmt_identity.first_pid;
	pmt_identity_adopt(first);
	pmt_identity_adopt(first + 1);
	ck_assert_int_eq(pmt_identity.parent_pid, first);
	pmt_identity_adopt(first + 2);
	ck_assert_int_eq(pmt_identity.parent_pid, first + 1);
	snprintf(number, sizeof(number), ":%010d:", first + 2);
	ck_assert_ptr_nonnull(strstr(variable(), number));
}
END_TEST

START_TEST(test_paths_are_absolute_and_fit)
{
	char path[300];

	pmt_identity_init(&options, 1);
	options.out = "/x/%p%%";
	ck_assert_int_eq(pmt_identity_trace_path(&options, 5, path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/x/5%");
	ck_assert_int_eq(pmt_identity_trace_path(&options, 5, path, 4), -ENAMETOOLONG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("identity");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_the_first_makes_a_run);
	tcase_add_test(tc, test_a_child_takes_it_over);
	tcase_add_test(tc, test_a_program_in_between_is_no_parent);
	tcase_add_test(tc, test_rubbish_begins_a_run);
	tcase_add_test(tc, test_forked_children_adopt);
	tcase_add_test(tc, test_paths_are_absolute_and_fit);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
