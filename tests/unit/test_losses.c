/* What counts as complete, and the analysis of files that cannot be read. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/analysed.h"
#include "support/run_suite.h"
#include "support/scene.h"
#include "support/trace_writer.h"

/* Scene, and whether the trace is complete. */
static const struct {
	const char *scene;
	bool complete;
} cases[] = {
    {"process how=exit\n", true},
    {"process how=quick_exit status=9\n", true},
    {"process how=exec\n", true},
    {"process how=none\n", false},
    {"process how=signal status=9\n", false},
    {"process how=signal\n", false},
    {"stream 1\nloss ring_full 1 0 0\n", false},
    {"stream 1\nloss unwritable 100\n", false},
    {"stream 1\nloss not_written 1 0 0\n", false},
    {"stream 1\nloss no_name 1\n", false},
    {"stream 1\nchunk\nstart 1\ndrop\nreturn\n", false},
    {"stream 1\nreturn\nreturn\n", true},      /* attached in mid-run */
    {"stream 1\npause\ncontinue 0 0\n", true}, /* as the program wanted */
};

START_TEST(complete_means_nothing_is_missing)
{
	struct pmt_analysis a = test_analyse(cases[_i].scene, NULL);

	ck_assert_msg(a.losses.complete == cases[_i].complete, "%s", cases[_i].scene);
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(losses_are_counted_by_cause)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "loss ring_full 10 0 0\n"
					     "loss ring_full 5 0 0\n"
					     "loss reentered 2 0 0\n"
					     "loss unwritable 4096\n",
					     NULL);

	ck_assert_uint_eq(a.losses.lost[PMT_LOSS_RING_FULL], 15);
	ck_assert_uint_eq(a.losses.lost[PMT_LOSS_REENTERED], 2);
	ck_assert_uint_eq(a.losses.lost[PMT_LOSS_UNWRITABLE], 4096);
	ck_assert_uint_eq(a.losses.lost_count, 17); /* events, not bytes */
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(names_are_for_every_cause)
{
	for (unsigned i = 0; i <= PMT_LOSS_COUNT; i++) {
		ck_assert_ptr_nonnull(pmt_loss_name(i));
		for (unsigned j = 0; j < i; j++)
			ck_assert_str_ne(pmt_loss_name(i), pmt_loss_name(j));
	}
	ck_assert_str_eq(pmt_loss_name(12345), "other");
}
END_TEST

START_TEST(a_file_that_is_no_trace_is_refused)
{
	struct test_bytes b = {NULL, 0, 0};
	struct pmt_analysis a;
	struct pmt_problem problem;

	test_bytes_add(&b, "hello", 5);
	ck_assert_int_eq(
	    pmt_analysis_open(test_write_file("text", &b), NULL, &a, &problem), -EBADMSG);
	ck_assert_int_ne(problem.kind, PMT_PROBLEM_NONE);
	ck_assert_int_eq(pmt_analysis_open("/nowhere/t", NULL, &a, &problem), -EBADMSG);
	test_bytes_close(&b);
}
END_TEST

/* Cut at every byte: never a crash, and what is left is not called complete. */
START_TEST(a_cut_trace_is_analysed_to_the_cut)
{
	struct test_bytes b = {NULL, 0, 0};
	struct pmt_problem problem;
	struct pmt_analysis a;
	uint64_t last_calls = 0;

	test_scene_build(
	    "stream 1\ncode 1 a.py 1 f\nstart 1 alloc=5/1\nreturn alloc=6/1\n"
	    "chunk\nstart 1\nreturn alloc=7/1\nsample +1ms rss=1M\n",
	    PMT_CODEC_NONE, &b);
	size_t whole = b.size;
	for (b.size = sizeof(struct pmt_file_header); b.size <= whole; b.size++) {
		const char *path = test_write_file("cut.bin", &b);

		ck_assert_int_eq(pmt_analysis_open(path, NULL, &a, &problem), 0);
		ck_assert(a.losses.complete == (b.size == whole));
		ck_assert_uint_ge(a.model->counts.enters, last_calls);
		last_calls = a.model->counts.enters;
		pmt_analysis_close(&a);
	}
	ck_assert_uint_eq(last_calls, 2);
	test_bytes_close(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("losses");
	TCase *tc = tcase_create("losses");

	tcase_add_loop_test(tc, complete_means_nothing_is_missing, 0,
			    sizeof(cases) / sizeof(*cases));
	tcase_add_test(tc, losses_are_counted_by_cause);
	tcase_add_test(tc, names_are_for_every_cause);
	tcase_add_test(tc, a_file_that_is_no_trace_is_refused);
	tcase_add_test(tc, a_cut_trace_is_analysed_to_the_cut);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
