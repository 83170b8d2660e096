/* The table of live blocks against a plain array, under a random load. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analysis/block_table.h"
#include "support/run_suite.h"

enum { ADDRESSES = 5000, STEPS = 200000 };

/* Neighbours and far ones, many with the same home. */
static uint64_t address_of(unsigned i)
{
	return 0x10000 + (uint64_t)(i % 100) * 16 + (uint64_t)(i / 100) * 0x100000000u;
}

START_TEST(it_holds_what_was_put_and_not_removed)
{
	static uint64_t bytes[ADDRESSES]; /* 0: not live */
	const char *set = getenv("PYMEMTRACE_TEST_SEED");
	unsigned seed = set ? (unsigned)atoi(set) : (unsigned)time(NULL);
	struct pmt_block_table live = {0};
	size_t count = 0;

	printf("PYMEMTRACE_TEST_SEED=%u\n", seed);
	srand(seed);
	ck_assert_ptr_null(pmt_block_table_find(&live, 16));
	for (unsigned step = 1; step <= STEPS; step++) {
		unsigned i = (unsigned)rand() % ADDRESSES;
		const struct pmt_block_entry block = {.address = address_of(i),
						      .bytes = step};
		struct pmt_block_entry *old = NULL;
		struct pmt_block_entry *found =
		    pmt_block_table_find(&live, address_of(i));

		ck_assert_int_eq(found != NULL, bytes[i] != 0);
		if (found) {
			ck_assert_int_eq(pmt_block_table_take(&live, block, &old), 0);
			ck_assert_ptr_nonnull(old); /* the table may have grown */
			ck_assert_uint_eq(old->bytes, bytes[i]);
			pmt_block_table_remove(&live, old);
			bytes[i] = 0;
			count--;
		} else {
			ck_assert_int_eq(pmt_block_table_take(&live, block, &old), 0);
			ck_assert_ptr_null(old);
			bytes[i] = step;
			count++;
		}
		ck_assert_uint_eq(live.count, count);
	}
	for (unsigned i = 0; i < ADDRESSES; i++)
		ck_assert_int_eq(pmt_block_table_find(&live, address_of(i)) != NULL,
				 bytes[i] != 0);
	pmt_block_table_close(&live);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block_table");
	TCase *all = tcase_create("all");

	tcase_add_test(all, it_holds_what_was_put_and_not_removed);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
