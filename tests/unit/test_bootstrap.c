/* The pool of the first moments: aligned, zeroed, never overlapping, finite. */
#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/run_suite.h"
#include "tracer/interpose/bootstrap.h"

enum { THREADS = 4, BLOCKS = 40 };

START_TEST(test_blocks_are_aligned_zeroed_and_known)
{
	static const size_t sizes[] = {0, 1, 8, 33, 100, 1000};

	for (size_t align = 1; align <= 1024; align *= 4)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			unsigned char *p = pmt_bootstrap_alloc(sizes[i], align);

			ck_assert_ptr_nonnull(p);
			ck_assert_uint_eq((uintptr_t)p % align, 0);
			ck_assert_uint_eq((uintptr_t)p % 16, 0); /* as malloc's */
			ck_assert(pmt_bootstrap_owns(p));
			ck_assert_uint_eq(pmt_bootstrap_size(p), sizes[i]);
			for (size_t k = 0; k < sizes[i]; k++)
				ck_assert_uint_eq(p[k], 0);
			memset(p, 0xee, sizes[i]);
		}
}
END_TEST

START_TEST(test_others_are_not_owned)
{
	int local;
	char *heap = malloc(10);

	ck_assert(!pmt_bootstrap_owns(NULL));
	ck_assert(!pmt_bootstrap_owns(&local));
	ck_assert(!pmt_bootstrap_owns(heap));
	ck_assert(!pmt_bootstrap_owns(pmt_bootstrap_pool - 1));
	ck_assert(!pmt_bootstrap_owns(pmt_bootstrap_pool + PMT_BOOTSTRAP_BYTES));
	free(heap);
}
END_TEST

START_TEST(test_refuses_when_used_up)
{
	size_t given = 0;

	ck_assert_ptr_null(pmt_bootstrap_alloc(PMT_BOOTSTRAP_BYTES + 1, 1));
	ck_assert_ptr_null(pmt_bootstrap_alloc(SIZE_MAX, 1));
	ck_assert_ptr_null(pmt_bootstrap_alloc(1, (size_t)1 << 40));
	while (pmt_bootstrap_alloc(1000, 1))
		given += 1000;
	ck_assert_uint_ge(given, PMT_BOOTSTRAP_BYTES * 9 / 10);
	ck_assert_uint_le(given, PMT_BOOTSTRAP_BYTES);
	ck_assert_ptr_nonnull(pmt_bootstrap_alloc(0, 1)); /* a small one still fits */
}
END_TEST

static void *take_blocks(void *ret_blocks)
{
	unsigned char **blocks = ret_blocks;

	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = pmt_bootstrap_alloc(64, 1);
		if (blocks[i])
			memset(blocks[i], i + 1, 64);
	}
	return NULL;
}

START_TEST(test_threads_get_blocks_of_their_own)
{
	static unsigned char *blocks[THREADS][BLOCKS];
	pthread_t ids[THREADS];

	for (int t = 0; t < THREADS; t++)
		pthread_create(&ids[t], NULL, take_blocks, blocks[t]);
	for (int t = 0; t < THREADS; t++)
		pthread_join(ids[t], NULL);
	for (int t = 0; t < THREADS; t++)
		for (int i = 0; i < BLOCKS; i++) {
			ck_assert_ptr_nonnull(blocks[t][i]);
			for (int k = 0; k < 64; k++)
				ck_assert_int_eq(blocks[t][i][k], i + 1);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bootstrap pool");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_blocks_are_aligned_zeroed_and_known);
	tcase_add_test(tc, test_others_are_not_owned);
	tcase_add_test(tc, test_refuses_when_used_up);
	tcase_add_test(tc, test_threads_get_blocks_of_their_own);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
