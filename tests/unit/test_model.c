/*
 * The model on hand-written streams: whose are the changes of a record, and does the
 * stack hold through recursion, generators, exceptions and C calls. Missing records are
 * in test_model_loss.c.
 */
#include <check.h>
#include <stdlib.h>

#include "support/analysed.h"
#include "support/run_suite.h"

/* Changes belong to the call that ran until the record, not to the one it enters. */
START_TEST(changes_belong_to_who_ran)
{
	struct pmt_analysis a = test_analyse("stream 1 main\n"
					     "code 1 app.py 1 main\n"
					     "code 2 app.py 9 work\n"
					     "start 1 alloc=5/1\n"
					     "start 2 alloc=10/1 rss=2\n"
					     "return alloc=100/3 free=40/1 rss=-1\n"
					     "return free=7/2\n"
					     "start 1 obj=64/2\n",
					     NULL);

	ck_assert_uint_eq(test_self(&a, "[outside Python]").allocated_bytes, 5);
	ck_assert_uint_eq(test_self(&a, "[outside Python]").object_bytes, 64);
	ck_assert_uint_eq(test_self(&a, "main").allocated_bytes, 10);
	ck_assert_uint_eq(test_self(&a, "main").freed_bytes, 7);
	ck_assert_uint_eq(test_self(&a, "main").freed_count, 2);
	ck_assert_uint_eq(test_self(&a, "main").rss_up_pages, 2);
	ck_assert_uint_eq(test_self(&a, "main/work").allocated_bytes, 100);
	ck_assert_uint_eq(test_self(&a, "main/work").allocated_count, 3);
	ck_assert_uint_eq(test_self(&a, "main/work").rss_down_pages, 1);
	ck_assert_uint_eq(test_self(&a, "main").call_count, 2);
	ck_assert_uint_eq(test_row(&a, "main").inclusive.allocated_bytes, 110);
	ck_assert_int_eq(pmt_figures_net_bytes(&a.model->totals), 115 - 47);
	ck_assert_uint_eq(a.model->counts.events, 5);
	pmt_analysis_close(&a);
}
END_TEST

/* fib-like: f calls f calls f; inclusive counts the outermost once. */
START_TEST(recursion_counts_once)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 f\n"
					     "code 2 app.py 2 g\n"
					     "start 1\n"
					     "start 2 alloc=1/1\n"
					     "start 1 alloc=10/1\n"
					     "start 1 alloc=100/1\n"
					     "return alloc=1000/1\n"
					     "return\n"
					     "return\n"
					     "return alloc=10000/1\n",
					     NULL);
	struct pmt_function_row f = test_row(&a, "f");
	struct pmt_function_row g = test_row(&a, "g");

	ck_assert_uint_eq(f.self.call_count, 3);
	ck_assert_uint_eq(f.inclusive.call_count, 1);
	ck_assert_uint_eq(f.self.allocated_bytes, 11101);
	ck_assert_uint_eq(f.inclusive.allocated_bytes, 11111);
	ck_assert_uint_eq(g.self.allocated_bytes, 10);
	ck_assert_uint_eq(g.inclusive.allocated_bytes, 1110);
	ck_assert_uint_eq(test_self(&a, "f/g/f/f").allocated_bytes, 1000);
	pmt_analysis_close(&a);
}
END_TEST

/* Two resumptions from different callers: the generator's figures go where it ran. */
START_TEST(generators_leave_and_come_back)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 main\n"
					     "code 2 app.py 2 gen\n"
					     "code 3 app.py 3 take\n"
					     "start 1\n"
					     "start 2\n"
					     "yield alloc=8/1\n"
					     "start 3 alloc=1/1\n"
					     "resume 2\n"
					     "yield alloc=16/1\n"
					     "return\n"
					     "throw 2\n"
					     "unwind alloc=32/1\n"
					     "return alloc=2/1\n",
					     NULL);

	ck_assert_uint_eq(test_self(&a, "main/gen").allocated_bytes, 40);
	ck_assert_uint_eq(test_self(&a, "main/take/gen").allocated_bytes, 16);
	ck_assert_uint_eq(test_row(&a, "gen").self.call_count, 3);
	ck_assert_uint_eq(test_self(&a, "main").allocated_bytes, 3);
	ck_assert_uint_eq(a.model->streams.items[1].shadow.depth, 0);
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(exceptions_unwind_frame_by_frame)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 main\n"
					     "code 2 app.py 2 a\n"
					     "code 3 app.py 3 b\n"
					     "start 1\n"
					     "start 2\n"
					     "start 3\n"
					     "unwind alloc=3/1\n"
					     "unwind alloc=2/1\n"
					     "return alloc=1/1\n",
					     NULL);

	ck_assert_uint_eq(test_self(&a, "main/a/b").allocated_bytes, 3);
	ck_assert_uint_eq(test_self(&a, "main/a").allocated_bytes, 2);
	ck_assert_uint_eq(test_self(&a, "main").allocated_bytes, 1);
	pmt_analysis_close(&a);
}
END_TEST

/* sorted(key=f): C within Python, Python within C; a C return that was not written. */
START_TEST(c_calls_nest_with_python_calls)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 main\n"
					     "ccode 2 sorted\n"
					     "code 3 app.py 3 key\n"
					     "ccode 4 len\n"
					     "start 1\n"
					     "ccall 2 alloc=1/1\n"
					     "start 3 alloc=10/1\n"
					     "ccall 4 alloc=100/1\n"
					     "craise alloc=1000/1\n"
					     "unwind alloc=100/1\n"
					     "creturn alloc=10/1\n"
					     "ccall 4 alloc=1/1\n"
					     "return alloc=5/1\n"
					     "start 1 alloc=7/1\n",
					     NULL);

	ck_assert_uint_eq(test_self(&a, "main/sorted").allocated_bytes, 20);
	ck_assert_uint_eq(test_self(&a, "main/sorted/key").allocated_bytes, 200);
	ck_assert_uint_eq(test_self(&a, "main/sorted/key/len").allocated_bytes, 1000);
	ck_assert_uint_eq(test_self(&a, "main").allocated_bytes, 2);
	ck_assert_uint_eq(test_self(&a, "main/len").allocated_bytes, 5);
	ck_assert_uint_eq(test_self(&a, "[outside Python]").allocated_bytes, 7);
	ck_assert_uint_eq(a.losses.extra_leave_count, 0);
	pmt_analysis_close(&a);
}
END_TEST

/* A definition that is read after its first use, and two ids of one function. */
START_TEST(functions_are_found_by_what_they_are)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "start 7\n"
					     "start 8\n"
					     "return alloc=3/1\n"
					     "return alloc=4/1\n"
					     "start 9\n"
					     "return alloc=5/1\n"
					     "code 7 app.py 1 late\n"
					     "code 9 app.py 1 late\n",
					     NULL);

	ck_assert_uint_eq(test_row(&a, "late").self.allocated_bytes, 9);
	ck_assert_uint_eq(test_row(&a, "late").self.call_count, 2);
	ck_assert_uint_eq(test_row(&a, "[function 8]").self.allocated_bytes, 3);
	pmt_analysis_close(&a);
}
END_TEST

static const char two_threads[] = "stream 1 main name=MainThread at=1ms\n"
				  "code 1 app.py 1 main\n"
				  "code 2 app.py 5 work\n"
				  "start 1 alloc=1/1\n"
				  "stream 2 tid=77 name=worker at=2ms\n"
				  "start 2 +10\n"
				  "start 1 +10 alloc=20/1\n"
				  "stream 1\n"
				  "return +3ms alloc=100/1 rss=5\n"
				  "stream 2\n"
				  "return +4ms alloc=1000/1\n"
				  "return +10 alloc=300/1 rss=-2\n";

START_TEST(threads_have_their_own_stacks)
{
	struct pmt_analysis a = test_analyse(two_threads, NULL);

	ck_assert_uint_eq(test_self(&a, "main").allocated_bytes, 100);
	ck_assert_uint_eq(test_self(&a, "work/main").allocated_bytes, 1000);
	ck_assert_uint_eq(test_self(&a, "work").allocated_bytes, 320);
	ck_assert_uint_eq(a.model->streams.items[1].totals.allocated_bytes, 101);
	ck_assert_uint_eq(a.model->streams.items[2].totals.allocated_bytes, 1320);
	ck_assert_uint_eq(a.model->streams.items[2].totals.rss_down_pages, 2);
	ck_assert_int_eq(a.model->streams.items[2].peak_heap_bytes, 1320);
	ck_assert_uint_eq(test_row(&a, "main").self.call_count, 2);
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(threads_can_be_kept_apart_and_chosen)
{
	struct pmt_analysis_options options = {.model.by_thread = true};
	struct pmt_analysis a = test_analyse(two_threads, &options);

	ck_assert_uint_eq(test_self(&a, "[thread 1: MainThread]/main").allocated_bytes,
			  100);
	ck_assert_uint_eq(test_self(&a, "[thread 2: worker]/work/main").allocated_bytes,
			  1000);
	ck_assert_uint_eq(test_row(&a, "main").self.allocated_bytes, 1100);
	ck_assert_uint_eq(pmt_model_select_threads(a.model, "none"), 0);
	pmt_analysis_close(&a);

	static const char *const words[] = {"2", "77", "work*"};
	for (size_t i = 0; i < 3; i++) {
		a = test_analyse(two_threads, &options);
		ck_assert_uint_eq(pmt_model_select_threads(a.model, words[i]), 1);
		ck_assert_uint_eq(test_row(&a, "main").self.allocated_bytes, 1000);
		pmt_analysis_close(&a);
	}
}
END_TEST

START_TEST(lines_get_what_happened_while_they_ran)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 main\n"
					     "code 2 app.py 9 work\n"
					     "ccode 3 len\n"
					     "start 1\n"
					     "line 2\n"
					     "line 3 alloc=20/1\n"
					     "start 2 alloc=30/1\n"
					     "line 10\n"
					     "return alloc=100/1\n"
					     "line 2 alloc=3/1\n"
					     "ccall 3\n"
					     "creturn alloc=2/1\n"
					     "return\n",
					     NULL);
	const struct pmt_lines *lines = &a.model->lines;
	uint64_t by_number[16] = {0}, hits[16] = {0};

	for (uint32_t i = 0; i < lines->count; i++) {
		by_number[lines->items[i].number] += lines->items[i].self.allocated_bytes;
		hits[lines->items[i].number] += lines->items[i].hit_count;
	}
	ck_assert(a.model->measured.lines);
	ck_assert_uint_eq(by_number[2], 22);
	ck_assert_uint_eq(by_number[3], 33);
	ck_assert_uint_eq(by_number[10], 100);
	ck_assert_uint_eq(hits[2], 2);
	ck_assert_uint_eq(hits[3], 1);
	pmt_analysis_close(&a);
}
END_TEST

/* What no record measured is unknown. */
START_TEST(unmeasured_is_not_zero)
{
	struct pmt_analysis a =
	    test_analyse("stream 1\ncode 1 a.py 1 f\nstart 1 alloc=1/1\nreturn\n", NULL);

	ck_assert(a.model->measured.calls);
	ck_assert(a.model->measured.mallocs);
	ck_assert(!a.model->measured.objects);
	ck_assert(!a.model->measured.rss);
	ck_assert(!a.model->measured.lines);
	pmt_analysis_close(&a);
	a = test_analyse("sample +1ms rss=10M\n", NULL);
	ck_assert(!a.model->measured.calls);
	ck_assert(!a.model->measured.mallocs);
	pmt_analysis_close(&a);
}
END_TEST

/* A full tree loses paths, never figures. */
START_TEST(a_full_tree_keeps_every_functions_figures)
{
	struct pmt_analysis_options options = {.model.node_limit = 4};
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 a\n"
					     "code 2 app.py 2 b\n"
					     "code 3 app.py 3 c\n"
					     "start 1\n"
					     "start 2\n"
					     "start 3\n"
					     "start 2\n"
					     "start 1 alloc=5/1\n"
					     "return alloc=6/1\n"
					     "return\n"
					     "return alloc=7/1\n"
					     "return\n"
					     "return\n",
					     &options);

	ck_assert_uint_eq(test_row(&a, "a").self.allocated_bytes, 6);
	ck_assert_uint_eq(test_row(&a, "b").self.allocated_bytes, 5);
	ck_assert_uint_eq(test_row(&a, "c").self.allocated_bytes, 7);
	ck_assert_uint_eq(test_row(&a, "a").self.call_count, 2);
	ck_assert_uint_eq(test_row(&a, "b").self.call_count, 2);
	ck_assert_uint_gt(a.losses.folded_count, 0);
	pmt_analysis_close(&a);
}
END_TEST

/* A thread that never ran Python tells its sums at the end. */
START_TEST(native_threads_have_a_row_of_their_own)
{
	static const char scene[] = "stream 1\n"
				    "code 1 a.py 1 f\n"
				    "start 1 alloc=10/1\n"
				    "return alloc=20/1\n"
				    "sums tid=7 alloc=4K/4 free=1K/1\n"
				    "sums tid=8 alloc=1K/1\n";
	struct pmt_analysis_options options = {.model.by_thread = true};
	struct pmt_analysis a = test_analyse(scene, NULL);

	ck_assert_uint_eq(test_row(&a, "[threads without Python]").self.allocated_bytes,
			  5 << 10);
	ck_assert_uint_eq(a.model->totals.allocated_bytes, (5 << 10) + 30);
	ck_assert_int_eq(a.model->peaks.heap.bytes, 30);
	pmt_analysis_close(&a);
	a = test_analyse(scene, &options);
	ck_assert_uint_eq(test_self(&a, "[process]/[threads without Python]").freed_bytes,
			  1 << 10);
	pmt_analysis_close(&a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *tc = tcase_create("streams");

	tcase_add_test(tc, changes_belong_to_who_ran);
	tcase_add_test(tc, recursion_counts_once);
	tcase_add_test(tc, generators_leave_and_come_back);
	tcase_add_test(tc, exceptions_unwind_frame_by_frame);
	tcase_add_test(tc, c_calls_nest_with_python_calls);
	tcase_add_test(tc, functions_are_found_by_what_they_are);
	tcase_add_test(tc, threads_have_their_own_stacks);
	tcase_add_test(tc, threads_can_be_kept_apart_and_chosen);
	tcase_add_test(tc, lines_get_what_happened_while_they_ran);
	tcase_add_test(tc, native_threads_have_a_row_of_their_own);
	tcase_add_test(tc, unmeasured_is_not_zero);
	tcase_add_test(tc, a_full_tree_keeps_every_functions_figures);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
