/*
 * The model where records are missing: attached in mid-run, events dropped by the
 * tracer, chunks lost from the file, pauses, and streams of points only. What cannot be
 * known must come out as unknown, and totals must stay true.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/analysed.h"
#include "support/run_suite.h"

START_TEST(leaves_before_the_first_enter_are_ignored)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 f\n"
					     "return alloc=1/1\n"
					     "unwind alloc=2/1\n"
					     "start 1\n"
					     "return alloc=10/1\n"
					     "return alloc=4/1\n",
					     NULL);

	ck_assert_uint_eq(test_self(&a, "f").allocated_bytes, 10);
	ck_assert_uint_eq(test_self(&a, "[outside Python]").allocated_bytes, 7);
	ck_assert_uint_eq(a.losses.extra_leave_count, 3);
	ck_assert(a.losses.complete);
	pmt_analysis_close(&a);
}
END_TEST

/* Calls above the lowest depth of a loss are not those that ran before. */
START_TEST(a_loss_with_its_floor_keeps_what_is_certain)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 main\n"
					     "code 2 app.py 2 work\n"
					     "code 3 app.py 3 leaf\n"
					     "start 1\n"
					     "start 2\n"
					     "start 3\n"
					     "loss ring_full 100 3 1\n"
					     "start 3 alloc=1000/9\n"
					     "return alloc=10/1\n"
					     "return alloc=20/1\n"
					     "return alloc=30/1\n"
					     "return alloc=40/1\n",
					     NULL);

	/* The first record behind it carries what all lost ones changed. */
	ck_assert_uint_eq(test_self(&a, "main/[unknown]").allocated_bytes, 1050);
	ck_assert_uint_eq(test_self(&a, "main/[unknown]/leaf").allocated_bytes, 10);
	ck_assert_uint_eq(test_self(&a, "main").allocated_bytes, 40);
	ck_assert_uint_eq(test_self(&a, "main/work").allocated_bytes, 0);
	ck_assert(!a.losses.complete);
	ck_assert_uint_eq(a.losses.lost[PMT_LOSS_RING_FULL], 100);
	ck_assert_uint_eq(a.losses.lost_count, 100);
	ck_assert_uint_eq(a.losses.extra_leave_count, 0);
	pmt_analysis_close(&a);
}
END_TEST

/* Without the floor: of n lost events at most n/2 can have left calls. */
START_TEST(a_loss_without_floor_is_bounded_by_its_count)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 a\n"
					     "code 2 app.py 2 b\n"
					     "code 3 app.py 3 c\n"
					     "start 1\n"
					     "start 2\n"
					     "start 3\n"
					     "loss ring_full 2 3\n"
					     "return\n"
					     "return alloc=5/1\n"
					     "return alloc=7/1\n",
					     NULL);

	ck_assert_uint_eq(test_self(&a, "a/b").allocated_bytes, 5);
	ck_assert_uint_eq(test_self(&a, "a").allocated_bytes, 7);
	ck_assert_uint_ne(test_node(&a, "a/b/[unknown]"), 0);
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(a_loss_may_leave_calls_behind)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 a\n"
					     "code 2 app.py 2 b\n"
					     "start 1\n"
					     "start 2\n"
					     "loss ring_full 1 1 1\n"
					     "start 2 alloc=3/1\n"
					     "return alloc=4/1\n"
					     "return alloc=5/1\n",
					     NULL);

	ck_assert_uint_eq(test_self(&a, "a/[unknown]").allocated_bytes, 3);
	ck_assert_uint_eq(test_self(&a, "a/b").allocated_bytes, 4);
	ck_assert_uint_eq(test_self(&a, "a").allocated_bytes, 5);
	pmt_analysis_close(&a);
}
END_TEST

/* A chunk is gone: its sums come back with the next checkpoint, its calls do not. */
START_TEST(a_gap_is_charged_at_the_next_checkpoint)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 main\n"
					     "code 2 app.py 2 work\n"
					     "start 1\n"
					     "start 2 alloc=1/1\n"
					     "chunk\n"
					     "return alloc=100/1 rss=7\n"
					     "start 2 alloc=200/2 obj=50/1\n"
					     "drop\n"
					     "start 2 alloc=1000/1\n"
					     "return alloc=2000/1\n"
					     "checkpoint\n"
					     "return alloc=4000/1\n"
					     "return alloc=8000/1\n"
					     "start 1 alloc=16000/1\n",
					     NULL);

	ck_assert_uint_eq(test_self(&a, "main").allocated_bytes, 1);
	/* Who ran behind the gap is unknown until calls begin; so are lost sums. */
	ck_assert_uint_eq(test_self(&a, "[unknown]").allocated_bytes,
			  1000 + 300 + 4000 + 8000);
	ck_assert_uint_eq(test_self(&a, "[unknown]").rss_up_pages, 7);
	ck_assert_uint_eq(test_self(&a, "[unknown]").object_bytes, 50);
	ck_assert_uint_eq(test_self(&a, "[unknown]/work").allocated_bytes, 2000);
	ck_assert_uint_eq(test_self(&a, "[outside Python]").allocated_bytes, 16000);
	ck_assert_uint_eq(a.model->totals.allocated_bytes, 31301);
	ck_assert_uint_eq(a.losses.extra_leave_count, 0);
	ck_assert_uint_eq(a.losses.gap_count, 1);
	ck_assert_uint_eq(a.model->gaps.kept_count, 1);
	const struct pmt_gap *gap = &a.model->gaps.kept[0];
	ck_assert_uint_eq(gap->stream, 1);
	ck_assert_uint_eq(gap->bytes, a.losses.missing_bytes);
	ck_assert(gap->is_count_known && !a.model->gaps.has_unknown);
	ck_assert_uint_eq(gap->event_count, 2);
	ck_assert_uint_gt(a.losses.missing_bytes, 0);
	ck_assert(!a.losses.complete);
	pmt_analysis_close(&a);
}
END_TEST

/* Gaps of two streams, and one that no checkpoint ends; losses are no gaps. */
START_TEST(gaps_say_where_when_and_how_much)
{
	struct pmt_analysis a = test_analyse("code 1 app.py 1 f\n"
					     "stream 1\nstart 1 +1ms\nchunk\n"
					     "start 1 +1ms\nloss ring_full 9 2 1\n"
					     "return +1ms\ndrop\n"
					     "return +1ms\ncheckpoint +1ms\n"
					     "loss ring_full 5 1 1\nstart 1\nchunk\n"
					     "return\nreturn\nreturn\ndrop\n"
					     "checkpoint +1ms\n"
					     "stream 2\nstart 1 +1ms\nchunk\n"
					     "start 1 +1ms\ndrop\nstart 1 +1ms\n",
					     NULL);
	const struct pmt_gap *gaps = a.model->gaps.kept;

	ck_assert_uint_eq(a.model->gaps.kept_count, 3);
	ck_assert_uint_eq(a.model->gaps.event_count, 2 + 9 + 3);
	ck_assert(a.model->gaps.has_unknown);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_gt(gaps[i].bytes, 0);
		ck_assert_uint_gt(gaps[i].from_tick, 0);
		if (gaps[i].stream == 2) {
			ck_assert(!gaps[i].is_count_known);
			ck_assert_uint_eq(gaps[i].to_tick, 0);
			continue;
		}
		ck_assert(gaps[i].is_count_known);
		ck_assert_uint_gt(gaps[i].to_tick, gaps[i].from_tick);
	}
	pmt_analysis_close(&a);
}
END_TEST

/* Behind a gap nobody knows how many calls run: their leaves are not surprising. */
START_TEST(leaves_behind_a_gap_are_no_surprise)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 f\n"
					     "start 1\n"
					     "chunk\n"
					     "start 1\n"
					     "drop\n"
					     "return alloc=1/1\n"
					     "return alloc=2/1\n"
					     "checkpoint\n"
					     "start 1 alloc=4/1\n",
					     NULL);

	ck_assert_uint_eq(a.losses.extra_leave_count, 0);
	ck_assert_uint_eq(test_self(&a, "[unknown]").allocated_bytes, 3);
	ck_assert_uint_eq(test_self(&a, "[outside Python]").allocated_bytes, 4);
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(a_pause_is_nobodys)
{
	struct pmt_analysis a = test_analyse("stream 1\n"
					     "code 1 app.py 1 main\n"
					     "code 2 app.py 2 work\n"
					     "start 1\n"
					     "start 2\n"
					     "pause\n"
					     "continue 2 1\n"
					     "return alloc=500/5\n"
					     "return alloc=6/1\n",
					     NULL);

	ck_assert_uint_eq(test_self(&a, "[paused]").allocated_bytes, 500);
	ck_assert_uint_eq(test_self(&a, "main").allocated_bytes, 6);
	ck_assert_uint_eq(test_self(&a, "main/work").allocated_bytes, 0);
	ck_assert_uint_eq(a.losses.pause_count, 1);
	ck_assert(a.losses.complete);
	pmt_analysis_close(&a);
}
END_TEST

/* min_rss, min_alloc: the event before the jump stands for all that were left out. */
START_TEST(points_charge_who_ran_or_nobody)
{
	struct pmt_analysis a =
	    test_analyse("stream 1\n"
			 "code 1 app.py 1 main\n"
			 "code 2 app.py 2 work\n"
			 "point op=start code=2 from=1 depth=2 skipped=40 alloc=7/7\n"
			 "point op=return from=2 depth=1 alloc=64M/1 rss=16384\n",
			 NULL);

	ck_assert_uint_eq(test_self(&a, "[skipped events]").allocated_bytes, 7);
	ck_assert_uint_eq(test_self(&a, "work").allocated_bytes, 64 << 20);
	ck_assert_uint_eq(test_self(&a, "work").rss_up_pages, 16384);
	ck_assert(!a.model->measured.calls);
	ck_assert_uint_eq(a.model->counts.skipped, 40);
	pmt_analysis_close(&a);
}
END_TEST

/* Between two points nobody knows who ran; behind a pause it is the pause. */
START_TEST(points_among_other_records)
{
	struct pmt_analysis a = test_analyse(
	    "stream 1 tid=7\n"
	    "code 1 app.py 1 main\n"
	    "ccode 3 sorted\n"
	    "point op=start code=1 depth=1 alloc=1/1\n"
	    "point op=line code=1 from=1 depth=1 line=12 from_line=11 alloc=4/1\n"
	    "point op=return from=3 depth=1 alloc=8/1\n"
	    "point op=start code=1 depth=9001 alloc=16/1\n"
	    "pause\n"
	    "continue 3 1\n"
	    "point op=start code=1 from=1 depth=4 alloc=32/1\n"
	    "point op=return from=1 depth=3 skipped=2 alloc=64/1\n"
	    "stream 0\n"
	    "sample +1ms rss=1M\n"
	    "sums tid=7 alloc=256/1\n",
	    NULL);

	ck_assert_uint_eq(test_self(&a, "[outside Python]").allocated_bytes, 1);
	ck_assert_uint_eq(test_self(&a, "main").allocated_bytes, 4);
	ck_assert_uint_eq(test_self(&a, "sorted").allocated_bytes, 8);
	ck_assert_uint_eq(test_self(&a, "[unknown]").allocated_bytes, 16);
	ck_assert_uint_eq(test_self(&a, "[paused]").allocated_bytes, 32);
	ck_assert_uint_eq(test_self(&a, "[skipped events]").allocated_bytes, 64 + 256);
	ck_assert_uint_eq(a.model->totals.allocated_bytes, 381);
	ck_assert_uint_eq(a.model->lines.count, 1);
	ck_assert_uint_eq(a.model->lines.items[0].number, 11);
	ck_assert_uint_eq(a.model->lines.items[0].self.allocated_bytes, 4);
	pmt_analysis_close(&a);
}
END_TEST

/* detail=tree: a later record of a node replaces the earlier one. */
START_TEST(tree_nodes_are_the_tree)
{
	struct pmt_analysis a = test_analyse(
	    "stream 1 main\n"
	    "code 1 app.py 1 main\n"
	    "code 2 app.py 2 work\n"
	    "node id=1 code=1 calls=1 alloc=10/1\n"
	    "node id=2 parent=1 code=2 calls=3 alloc=30/3 rss=2 up=5\n"
	    "node id=2 parent=1 code=2 calls=7 alloc=70/7 free=5/1 rss=-2 up=9\n"
	    "node id=9 parent=8 code=2 calls=1 alloc=1/1\n",
	    NULL);

	ck_assert_uint_eq(test_self(&a, "main/work").call_count, 7);
	ck_assert_uint_eq(test_self(&a, "main/work").allocated_bytes, 70);
	ck_assert_uint_eq(test_self(&a, "main/work").rss_up_pages, 9);
	ck_assert_uint_eq(test_self(&a, "main/work").rss_down_pages, 11);
	ck_assert_uint_eq(test_self(&a, "[unknown]/work").allocated_bytes, 1);
	ck_assert_uint_eq(test_row(&a, "main").inclusive.allocated_bytes, 80);
	ck_assert_uint_eq(a.model->streams.items[1].totals.allocated_bytes, 81);
	ck_assert(a.model->measured.calls);
	pmt_analysis_close(&a);
}
END_TEST

/* Any stack, any losses: what is charged adds up to what was recorded. */
START_TEST(totals_are_the_sum_of_all_nodes)
{
	static const char *const statements[] = {
	    "start 1 alloc=3/1\n", "start 2 free=1/1\n",     "return rss=4\n",
	    "yield rss=-1\n",      "resume 1 obj=16/1\n",    "loss ring_full 5 2\n",
	    "checkpoint\n",        "ccall 3 alloc=9/2\n",    "creturn\n",
	    "line 4 alloc=2/1\n",  "loss ring_full 9 1 0\n", "unwind alloc=1/1\n",
	};
	unsigned seed = (unsigned)_i * 7919 + 1;
	char scene[16384] = "stream 1\ncode 1 a.py 1 f\ncode 2 a.py 2 g\nccode 3 c\n";
	size_t size = strlen(scene);

	for (int i = 0; i < 300; i++) {
		seed = seed * 1103515245u + 12345u;
		const char *s = statements[(seed >> 16) % 12];
		memcpy(scene + size, s, strlen(s) + 1);
		size += strlen(s);
	}
	struct pmt_analysis a = test_analyse(scene, NULL);
	struct pmt_figures *inclusive = pmt_tree_inclusive(&a.model->tree);
	ck_assert_msg(inclusive[0].allocated_bytes == a.model->totals.allocated_bytes &&
			  inclusive[0].freed_bytes == a.model->totals.freed_bytes &&
			  inclusive[0].rss_up_pages == a.model->totals.rss_up_pages &&
			  inclusive[0].rss_down_pages == a.model->totals.rss_down_pages &&
			  inclusive[0].object_bytes == a.model->totals.object_bytes &&
			  inclusive[0].call_count == a.model->counts.enters,
		      "seed %u", seed);
	free(inclusive);
	pmt_analysis_close(&a);
}
END_TEST

/* Without stacks the same things are counted. */
START_TEST(counts_need_no_stacks)
{
	struct pmt_analysis_options counts_only = {.model.counts_only = true};
	const char *scene = "code 1 a.py 1 f\nccode 2 len\n"
			    "sample +0 rss=1M\n"
			    "stream 1\nchunk\nstart 1 alloc=5/1\nccall 2\ncreturn\n"
			    "return +1ms\nreturn\npause\ncontinue 3 0\n"
			    "loss ring_full 7 4 0\nchunk\nstart 1\ndrop\nline 4\n"
			    "checkpoint +1ms\nloss no_name 2\n"
			    "stream 2\n"
			    "point op=start code=1 from=1 depth=2 skipped=9 alloc=1/1\n"
			    "sample +9ms rss=2M\nnode stream=1 id=1 code=1 calls=2\n";
	struct pmt_analysis whole = test_analyse(scene, NULL);
	struct pmt_analysis counted = test_analyse(scene, &counts_only);

	ck_assert_uint_gt(whole.model->gap_count, 0);
	ck_assert_uint_gt(whole.losses.pause_count, 0);
	ck_assert_mem_eq(&whole.model->counts, &counted.model->counts,
			 sizeof(whole.model->counts));
	ck_assert_uint_eq(whole.model->first_tick, counted.model->first_tick);
	ck_assert_uint_eq(whole.model->last_tick, counted.model->last_tick);
	whole.losses.extra_leave_count = 0; /* only a stack knows */
	ck_assert_mem_eq(&whole.losses, &counted.losses, sizeof(whole.losses));
	ck_assert_uint_eq(whole.model->streams.count, counted.model->streams.count);
	for (uint32_t i = 0; i < whole.model->streams.count; i++)
		ck_assert_uint_eq(whole.model->streams.items[i].event_count,
				  counted.model->streams.items[i].event_count);
	pmt_analysis_close(&whole);
	pmt_analysis_close(&counted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model with losses");
	TCase *tc = tcase_create("losses");

	tcase_add_test(tc, leaves_before_the_first_enter_are_ignored);
	tcase_add_test(tc, a_loss_with_its_floor_keeps_what_is_certain);
	tcase_add_test(tc, a_loss_without_floor_is_bounded_by_its_count);
	tcase_add_test(tc, a_loss_may_leave_calls_behind);
	tcase_add_test(tc, a_gap_is_charged_at_the_next_checkpoint);
	tcase_add_test(tc, leaves_behind_a_gap_are_no_surprise);
	tcase_add_test(tc, a_pause_is_nobodys);
	tcase_add_test(tc, points_charge_who_ran_or_nobody);
	tcase_add_test(tc, points_among_other_records);
	tcase_add_test(tc, tree_nodes_are_the_tree);
	tcase_add_test(tc, counts_need_no_stacks);
	tcase_add_test(tc, gaps_say_where_when_and_how_much);
	tcase_add_loop_test(tc, totals_are_the_sum_of_all_nodes, 0, 20);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
