/*
 * Sampling from the draw to the estimate: whatever the sizes are, what the drawn blocks
 * stand for is on average what all of them are. The truth is arithmetic on all of them,
 * the bound five of the standard deviations that the estimate's own formula has: a sound
 * sampler fails it once in two million.
 */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "analysis/sample_scale.h"
#include "support/chance.h"
#include "support/run_suite.h"
#include "tracer/sample/draw.h"

enum { SIGMAS = 5, ROUNDS = 12, BLOCKS = 200000, CLASSES = 5 };

struct sum {
	double truth;
	double variance;
	uint64_t whole;
	uint32_t part;
};

static void add(struct sum *sum, double number, double p, struct pmt_share share,
		bool is_drawn)
{
	sum->truth += number;
	sum->variance += number * number * (1 - p) / p;
	if (is_drawn)
		pmt_share_add(&sum->whole, &sum->part, share);
}

static void check_sum(const struct sum *sum, const char *what, uint64_t mean,
		      unsigned size_class)
{
	double estimate = (double)sum->whole + ldexp(sum->part, -32);
	double sigmas =
	    sum->truth > 0 ? (estimate - sum->truth) / sqrt(sum->variance) : 0;

	ck_assert_msg(
	    fabs(sigmas) < SIGMAS,
	    "%s, mean %llu, class %u: %.1f estimated, %.1f in truth, %.2f sigmas", what,
	    (unsigned long long)mean, size_class, estimate, sum->truth, sigmas);
}

/* From 1 byte to ten times the mean, in five classes that all have many. */
static uint64_t draw_size(uint64_t mean, unsigned size_class)
{
	static const double from[CLASSES] = {0, 0.001, 0.05, 0.7, 3};
	static const double to[CLASSES] = {0.001, 0.05, 0.7, 3, 10};
	double at = (double)draw(1 << 30) / (1 << 30);

	return 1 + (uint64_t)((double)mean * (from[size_class] +
					      at * (to[size_class] - from[size_class])));
}

/* As a thread does it: a count of bytes that goes on until it comes to the next. */
START_TEST(estimates_are_unbiased)
{
	chance_state ^= (uint64_t)_i << 40; /* each round runs in a fork of the same */
	uint64_t mean = 64 + draw(_i < ROUNDS / 2 ? 4096 : 4 << 20);
	uint64_t state = pmt_draw_seed(draw(UINT64_MAX));
	uint64_t allocated = 0, next = pmt_draw_gap(&state, mean);
	struct sum bytes[CLASSES + 1] = {{0}}, counts[CLASSES + 1] = {{0}};

	for (int i = 0; i < BLOCKS; i++) {
		unsigned size_class = (unsigned)draw(CLASSES);
		uint64_t size = draw_size(mean, size_class);
		double p = -expm1(-(double)size / (double)mean);
		uint64_t scale = pmt_sample_scale(mean, size);

		allocated += size;
		bool is_drawn = allocated >= next;
		if (is_drawn)
			next = allocated + pmt_draw_gap(&state, mean);
		for (int all = 0; all < 2; all++) {
			unsigned k = all ? CLASSES : size_class;
			add(&bytes[k], (double)size, p, pmt_share_of(size, scale),
			    is_drawn);
			/* One draw of a smaller block stands for so many that its sum
			 * is far from normal: it alone would be many sigmas. */
			if (size * 5000 >= mean)
				add(&counts[k], 1, p, pmt_share_of(1, scale), is_drawn);
		}
	}
	for (unsigned k = 0; k <= CLASSES; k++) {
		check_sum(&bytes[k], "bytes", mean, k);
		check_sum(&counts[k], "count", mean, k);
	}
}
END_TEST

START_TEST(gaps_are_exponential)
{
	chance_state ^= (uint64_t)_i << 40;
	uint64_t mean = 100 + draw(1 << 20), state = pmt_draw_seed(draw(UINT64_MAX));
	static const double at[] = {0.01, 0.1, 0.5, 1, 2, 5};
	double below[6] = {0};

	for (int i = 0; i < BLOCKS; i++) {
		uint64_t gap = pmt_draw_gap(&state, mean);

		ck_assert_uint_ge(gap, 1);
		for (int k = 0; k < 6; k++)
			below[k] += (double)gap <= floor(at[k] * (double)mean);
	}
	for (int k = 0; k < 6; k++) {
		double p = -expm1(-floor(at[k] * (double)mean) / (double)mean);
		double sigma = sqrt(BLOCKS * p * (1 - p));

		ck_assert_msg(fabs(below[k] - BLOCKS * p) < SIGMAS * sigma,
			      "mean %llu: %.0f of %d gaps within %.2f of it, not %.0f",
			      (unsigned long long)mean, below[k], BLOCKS, at[k],
			      BLOCKS * p);
	}
}
END_TEST

/* However it goes: what is left of a share is nothing, to the last of its 32 bits. */
START_TEST(pieces_leave_nothing)
{
	uint64_t whole = 0;
	uint32_t part = 0;

	for (int i = 0; i < 10000; i++) {
		uint64_t mean = 64 + draw(1 << 30), size = 1 + draw(1 << 28);
		uint64_t scale = pmt_sample_scale(mean, size);
		uint64_t first = draw(size);

		pmt_share_add(&whole, &part, pmt_share_of(size, scale));
		ck_assert_uint_ge(whole, size);
		pmt_share_remove(&whole, &part, pmt_share_of(first, scale));
		pmt_share_remove(&whole, &part, pmt_share_of(size - first, scale));
		ck_assert_uint_eq(whole, 0);
		ck_assert_uint_eq(part, 0);
	}
}
END_TEST

START_TEST(scales)
{
	ck_assert_uint_eq(pmt_sample_scale(0, 100), PMT_SCALE_ONE);
	ck_assert_uint_eq(pmt_sample_scale(512 << 10, 0), PMT_SCALE_ONE);
	ck_assert_uint_eq(pmt_sample_scale(64, 1 << 20), PMT_SCALE_ONE);
	/* 1 / (1 - 1/e) */
	ck_assert_double_eq_tol(ldexp((double)pmt_sample_scale(1 << 20, 1 << 20), -32),
				1.5819767068693265, 1e-9);
	ck_assert_uint_le(pmt_sample_scale(UINT64_MAX, 1), INT64_MAX);
	ck_assert_uint_eq(pmt_share_rounded(7, 0x7fffffff), 7);
	ck_assert_uint_eq(pmt_share_rounded(7, 0x80000000), 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sampling");
	TCase *tc = tcase_create("sampling");

	begin_chance();
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, estimates_are_unbiased, 0, ROUNDS);
	tcase_add_loop_test(tc, gaps_are_exponential, 0, 4);
	tcase_add_test(tc, pieces_leave_nothing);
	tcase_add_test(tc, scales);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
