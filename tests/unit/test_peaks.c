/* Peaks: the right moment, the right call, the right source. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/analysed.h"
#include "support/run_suite.h"

static const char *call_of(const struct pmt_analysis *a, const struct pmt_moment *m)
{
	ck_assert(m->node_known);
	return a->model->functions.items[a->model->tree.paths[m->node].function].name;
}

static int64_t ms_of(const struct pmt_analysis *a, const struct pmt_moment *m)
{
	return pmt_analysis_since_start_ns(a, m->tick) / 1000000;
}

#define CODES                                                                            \
	"stream 1\n"                                                                     \
	"code 1 a.py 1 main\n"                                                           \
	"code 2 a.py 2 big\n"                                                            \
	"code 3 a.py 3 small\n"

/* The step to the peak and the ripple on top of it are told apart. */
START_TEST(a_peak_is_reached_by_its_step)
{
	struct pmt_analysis a =
	    test_analyse("sample +0 rss=10M heap=0\n" CODES "start 1 +1ms\n"
			 "start 2 +1ms\n"
			 "return +8ms alloc=100M/1 rss=25600\n"
			 "start 3 +10ms\n"
			 "return +10ms alloc=100K/1 rss=25\n"
			 "start 3 +10ms free=90M/1 rss=-23000\n"
			 "return +10ms\n",
			 NULL);
	const struct pmt_peaks *p = &a.model->peaks;

	ck_assert_int_eq(p->rss.source, PMT_PEAK_EVENT);
	ck_assert_int_eq(p->rss.bytes, (10 << 20) + (25600 + 25) * 4096);
	ck_assert_str_eq(call_of(&a, &p->rss.at), "small");
	ck_assert_int_eq(ms_of(&a, &p->rss.at), 30);
	ck_assert_str_eq(call_of(&a, &p->rss.reached), "big");
	ck_assert_int_eq(ms_of(&a, &p->rss.reached), 10);
	ck_assert_int_eq(p->heap.bytes, (100 << 20) + (100 << 10));
	ck_assert_str_eq(call_of(&a, &p->heap.reached), "big");
	pmt_analysis_close(&a);
}
END_TEST

/* However it creeps up, where it was "reached" lies within 1 % of the highest. */
START_TEST(reached_is_near_the_highest)
{
	struct pmt_peak peak = {0};
	int64_t value = 1000000;

	for (uint64_t i = 0; i < 3000; i++) {
		struct pmt_moment at = {.tick = i, .node_known = true};

		value += value / 1000 * (int64_t)(i % 7);
		pmt_peak_see(&peak, value, at);
		peak.source = PMT_PEAK_EVENT;
		if (value > INT64_MAX / 2)
			break;
		ck_assert_int_eq(peak.bytes, value);
		ck_assert_int_ge(peak.reached_bytes, value / 102 * 100);
	}
	ck_assert_uint_le(peak.reached.tick, peak.at.tick);
}
END_TEST

/* Within one long call only samples see the peak; the call is the one that ran. */
START_TEST(a_sample_sees_inside_a_call)
{
	struct pmt_analysis a =
	    test_analyse("sample +0 rss=10M heap=1M peak=10M\n" CODES "start 1 +1ms\n"
			 "start 2 +1ms\n"
			 "sample +50ms rss=500M heap=490M peak=500M\n"
			 "stream 1\n"
			 "return +100ms alloc=500M/1 free=499M/1 rss=10\n",
			 NULL);
	const struct pmt_peaks *p = &a.model->peaks;

	ck_assert_int_eq(p->rss.source, PMT_PEAK_SAMPLE);
	ck_assert_int_eq(p->rss.bytes, 500 << 20);
	ck_assert_int_eq(ms_of(&a, &p->rss.at), 52);
	ck_assert_str_eq(call_of(&a, &p->rss.at), "big");
	ck_assert_int_eq(p->heap.source, PMT_PEAK_SAMPLE);
	ck_assert_int_eq(p->heap.bytes, 490 << 20);
	pmt_analysis_close(&a);
}
END_TEST

/* Between two samples only the kernel's mark sees it: the moment is an interval. */
START_TEST(the_kernels_mark_misses_nothing)
{
	struct pmt_analysis a =
	    test_analyse("sample +0 rss=10M heap=1M peak=10M\n" CODES "start 1 +1ms\n"
			 "sample +99ms rss=12M heap=1M peak=12M\n"
			 "sample +100ms rss=12M heap=1M peak=800M\n"
			 "sample +100ms rss=12M heap=1M peak=800M\n",
			 NULL);
	const struct pmt_peak *rss = &a.model->peaks.rss;

	ck_assert_int_eq(rss->source, PMT_PEAK_KERNEL);
	ck_assert_int_eq(rss->bytes, 800 << 20);
	ck_assert_int_eq(pmt_analysis_since_start_ns(&a, rss->from_tick), 100000000);
	ck_assert_int_eq(ms_of(&a, &rss->at), 200);
	ck_assert_str_eq(call_of(&a, &rss->at), "main");
	pmt_analysis_close(&a);
}
END_TEST

/* Of two threads that run, a sample is charged to the one that moved last; a thread that
 * is over is none. */
START_TEST(a_sample_belongs_to_the_thread_that_moved_last)
{
	struct pmt_analysis a =
	    test_analyse("sample +0 rss=10M heap=1M\n" CODES "start 1 +1ms\n"
			 "start 2 +1ms\n"
			 "stream 2\n"
			 "start 1 +1ms\n"
			 "return +1ms\n"
			 "sample +9ms rss=90M heap=1M\n",
			 NULL);

	ck_assert_str_eq(call_of(&a, &a.model->peaks.rss.at), "big");
	ck_assert_uint_eq(a.model->peaks.rss.at.stream, 1);
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(nothing_measured_is_no_peak)
{
	struct pmt_analysis a =
	    test_analyse(CODES "start 1 +1ms alloc=7/1\nreturn\n", NULL);

	/* No sample: RSS has no base; the heap needs none. */
	ck_assert_int_eq(a.model->peaks.rss.source, PMT_PEAK_NONE);
	ck_assert_int_eq(a.model->peaks.heap.source, PMT_PEAK_EVENT);
	pmt_analysis_close(&a);
	a = test_analyse("process pid=1\n", NULL);
	ck_assert_int_eq(a.model->peaks.heap.source, PMT_PEAK_NONE);
	pmt_analysis_close(&a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("peaks");
	TCase *tc = tcase_create("peaks");

	tcase_add_test(tc, a_peak_is_reached_by_its_step);
	tcase_add_test(tc, reached_is_near_the_highest);
	tcase_add_test(tc, a_sample_sees_inside_a_call);
	tcase_add_test(tc, the_kernels_mark_misses_nothing);
	tcase_add_test(tc, a_sample_belongs_to_the_thread_that_moved_last);
	tcase_add_test(tc, nothing_measured_is_no_peak);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
