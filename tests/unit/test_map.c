/* The map: everything put is found, nothing else, whatever the keys. */
#include <check.h>
#include <stdlib.h>

#include "analysis/map.h"
#include "support/run_suite.h"

START_TEST(an_empty_map_finds_nothing)
{
	struct pmt_map map = {0};

	ck_assert_uint_eq(pmt_map_find(&map, 0), PMT_MAP_NONE);
	ck_assert_uint_eq(pmt_map_find(&map, UINT64_MAX), PMT_MAP_NONE);
	pmt_map_close(&map);
}
END_TEST

/* Keys a hash could stumble over: dense, in the high half only, multiples of sizes. */
static uint64_t key_of(int kind, uint32_t i)
{
	switch (kind) {
	case 0:
		return i;
	case 1:
		return (uint64_t)i << 32;
	case 2:
		return (uint64_t)i * 4096;
	default:
		return UINT64_MAX - i;
	}
}

START_TEST(what_was_put_is_found)
{
	enum { COUNT = 20000 };
	struct pmt_map map = {0};

	for (uint32_t i = 0; i < COUNT; i++)
		ck_assert_int_eq(pmt_map_put(&map, key_of(_i, i), i), 0);
	for (uint32_t i = 0; i < COUNT; i++)
		ck_assert_uint_eq(pmt_map_find(&map, key_of(_i, i)), i);
	for (uint32_t i = COUNT; i < 2 * COUNT; i++)
		ck_assert_uint_eq(pmt_map_find(&map, key_of(_i, i)), PMT_MAP_NONE);
	ck_assert_uint_eq(map.used_count, COUNT);
	pmt_map_close(&map);
}
END_TEST

START_TEST(a_second_put_replaces)
{
	struct pmt_map map = {0};

	ck_assert_int_eq(pmt_map_put(&map, 7, 1), 0);
	ck_assert_int_eq(pmt_map_put(&map, 7, 2), 0);
	ck_assert_uint_eq(pmt_map_find(&map, 7), 2);
	ck_assert_uint_eq(map.used_count, 1);
	pmt_map_close(&map);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("map");
	TCase *tc = tcase_create("map");

	tcase_add_test(tc, an_empty_map_finds_nothing);
	tcase_add_loop_test(tc, what_was_put_is_found, 0, 4);
	tcase_add_test(tc, a_second_put_replaces);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
