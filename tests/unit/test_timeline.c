/* The timeline: buckets stay bounded and keep what matters; points carry values on. */
#include <check.h>
#include <stdlib.h>

#include "analysis/timeline.h"
#include "analysis/timeline_points.h"
#include "support/analysed.h"
#include "support/run_suite.h"

/* However long it gets, the highest and the last value survive the halving. */
START_TEST(halving_keeps_extremes)
{
	enum { EVENTS = 100000, PEAK_AT = 34567 };
	struct pmt_timeline t;
	int64_t highest = INT64_MIN;
	uint64_t events = 0;

	ck_assert_int_eq(pmt_timeline_init(&t, 1), 0);
	for (uint64_t i = 0; i < EVENTS; i++)
		pmt_timeline_add_event(&t, 5000 + i * 3, i == PEAK_AT ? 777 : 5,
				       (int64_t)i);
	ck_assert_uint_le(pmt_timeline_count(&t), PMT_TIMELINE_BUCKETS);
	ck_assert_uint_ge(pmt_timeline_count(&t), PMT_TIMELINE_BUCKETS / 2);
	for (uint32_t i = 0; i < pmt_timeline_count(&t); i++) {
		const struct pmt_timeline_bucket *b = &t.buckets[i];
		uint64_t from = t.start_tick + i * t.bucket_ticks;

		events += b->event_count;
		if (b->rss_max_pages > highest)
			highest = b->rss_max_pages;
		if (b->rss_max_pages == 777) {
			ck_assert_uint_le(from, 5000 + PEAK_AT * 3);
			ck_assert_uint_gt(from + t.bucket_ticks, 5000 + PEAK_AT * 3);
		}
	}
	ck_assert_uint_eq(events, EVENTS);
	ck_assert_int_eq(highest, 777);
	ck_assert_int_eq(t.buckets[pmt_timeline_count(&t) - 1].heap_last_bytes,
			 EVENTS - 1);
	pmt_timeline_close(&t);
}
END_TEST

START_TEST(time_does_not_go_back)
{
	struct pmt_timeline t;

	ck_assert_int_eq(pmt_timeline_init(&t, 10), 0);
	pmt_timeline_add_event(&t, 1000, 1, 1);
	pmt_timeline_add_event(&t, 1095, 2, 2);
	pmt_timeline_add_event(&t, 900, 9, 3); /* damaged, or another clock */
	ck_assert_uint_eq(pmt_timeline_count(&t), 10);
	ck_assert_int_eq(t.buckets[9].rss_max_pages, 9);
	ck_assert_int_eq(t.buckets[0].rss_max_pages, 1);
	pmt_timeline_close(&t);
}
END_TEST

/* A tick out of all bounds makes one wide bucket, not an endless loop. */
START_TEST(a_wild_tick_is_survived)
{
	struct pmt_timeline t;

	ck_assert_int_eq(pmt_timeline_init(&t, 1), 0);
	pmt_timeline_add_event(&t, 1, 1, 1);
	pmt_timeline_add_event(&t, UINT64_MAX, 2, 2);
	pmt_timeline_add_event(&t, UINT64_MAX, 3, 2);
	ck_assert_uint_le(pmt_timeline_count(&t), PMT_TIMELINE_BUCKETS);
	pmt_timeline_close(&t);
}
END_TEST

static const char scene[] = "sample +0 rss=10M heap=1M\n"
			    "stream 1\n"
			    "code 1 a.py 1 f\n"
			    "start 1 +1ms alloc=1M/1\n"
			    "return +10ms alloc=20M/1 rss=5120\n"
			    "start 1 +40ms free=20M/1 rss=-5120\n"
			    "return +10ms\n"
			    "sample +39ms rss=12M heap=1M\n";

START_TEST(points_carry_values_on)
{
	struct pmt_analysis a = test_analyse(scene, NULL);
	struct pmt_timeline_point *p;
	uint32_t count;

	/* 100 ms in 10 points: the rise is in the second, the fall in the sixth. */
	ck_assert_int_eq(pmt_timeline_points_new(a.model, 10, false, &p, &count), 0);
	ck_assert_uint_eq(count, 10);
	ck_assert_int_eq(p[0].rss_bytes, 10 << 20);
	ck_assert_int_eq(p[1].rss_max_bytes, 30 << 20);
	ck_assert_int_eq(p[1].rise_bytes, 20 << 20);
	for (int i = 2; i < 5; i++) {
		ck_assert(p[i].rss_known);
		ck_assert_uint_eq(p[i].event_count, 0);
		ck_assert_int_eq(p[i].rss_max_bytes, 30 << 20);
		ck_assert_int_eq(p[i].heap_max_bytes, 21 << 20);
	}
	ck_assert_int_eq(p[5].rss_bytes, 10 << 20);
	ck_assert_int_eq(p[9].rss_bytes, 12 << 20);
	ck_assert_uint_eq(p[9].sample_count, 1);
	free(p);
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(points_stretch_a_short_time)
{
	/* Two samples in the first 10 us, one 20 us later. */
	struct pmt_analysis a = test_analyse("sample +0 rss=3M heap=5\n"
					     "sample +1us rss=1M heap=5\n"
					     "sample +19us rss=2M heap=7\n",
					     NULL);
	struct pmt_timeline_point *p;
	uint32_t count;

	ck_assert_int_eq(pmt_timeline_points_new(a.model, 100, false, &p, &count), 0);
	ck_assert_uint_eq(count, 3);
	free(p);
	ck_assert_int_eq(pmt_timeline_points_new(a.model, 9, true, &p, &count), 0);
	ck_assert_uint_eq(count, 9);
	for (int i = 0; i < 9; i++) {
		static const int64_t highest[] = {3 << 20, 1 << 20, 2 << 20};

		/* A bucket that is shown again keeps its highest value. */
		ck_assert_int_eq(p[i].rss_max_bytes, highest[i / 3]);
	}
	free(p);
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(nothing_gives_no_points)
{
	struct pmt_timeline_point *p;
	struct pmt_model *model = calloc(1, sizeof(*model));
	uint32_t count = 7;

	ck_assert_int_eq(pmt_timeline_points_new(model, 9, true, &p, &count), 0);
	ck_assert_uint_eq(count, 0);
	free(p);
	free(model);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timeline");
	TCase *tc = tcase_create("timeline");

	tcase_add_test(tc, halving_keeps_extremes);
	tcase_add_test(tc, time_does_not_go_back);
	tcase_add_test(tc, a_wild_tick_is_survived);
	tcase_add_test(tc, points_carry_values_on);
	tcase_add_test(tc, points_stretch_a_short_time);
	tcase_add_test(tc, nothing_gives_no_points);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
