/* The shadow stack by itself: pushes, pops, and depths put right. */
#include <check.h>
#include <stdlib.h>

#include "analysis/shadow.h"
#include "support/run_suite.h"

static void push(struct pmt_shadow *shadow, uint32_t node, bool is_c)
{
	struct pmt_shadow_frame frame = {.node = node, .is_c = is_c};

	ck_assert_int_eq(pmt_shadow_push(shadow, frame), 0);
}

START_TEST(the_top_is_what_was_pushed_last)
{
	struct pmt_shadow shadow = {0};

	ck_assert_ptr_null(pmt_shadow_top(&shadow));
	for (uint32_t i = 0; i < 1000; i++)
		push(&shadow, i, false);
	for (uint32_t i = 1000; i-- > 0;) {
		ck_assert_uint_eq(pmt_shadow_top(&shadow)->node, i);
		pmt_shadow_pop_python(&shadow);
	}
	ck_assert_ptr_null(pmt_shadow_top(&shadow));
	ck_assert_uint_eq(shadow.extra_leave_count, 0);
	pmt_shadow_close(&shadow);
}
END_TEST

START_TEST(a_python_leave_ends_c_functions_above)
{
	struct pmt_shadow shadow = {0};

	push(&shadow, 1, false);
	push(&shadow, 2, false);
	push(&shadow, 3, true);
	push(&shadow, 4, true);
	ck_assert_uint_eq(shadow.python_depth, 2);
	pmt_shadow_pop_python(&shadow);
	ck_assert_uint_eq(pmt_shadow_top(&shadow)->node, 1);
	ck_assert_uint_eq(shadow.depth, 1);
	ck_assert_uint_eq(shadow.extra_leave_count, 0);
	pmt_shadow_close(&shadow);
}
END_TEST

START_TEST(leaves_of_nothing_are_counted)
{
	struct pmt_shadow shadow = {0};

	pmt_shadow_pop_python(&shadow);
	pmt_shadow_pop_c(&shadow);
	push(&shadow, 1, false);
	pmt_shadow_pop_c(&shadow); /* a Python call runs, no C function */
	ck_assert_uint_eq(shadow.extra_leave_count, 3);
	ck_assert_uint_eq(shadow.depth, 1);
	pmt_shadow_pop_python(&shadow);
	/* A C function with no Python call below it. */
	push(&shadow, 2, true);
	pmt_shadow_pop_python(&shadow);
	ck_assert_uint_eq(shadow.extra_leave_count, 4);
	ck_assert_uint_eq(shadow.depth, 0);
	pmt_shadow_close(&shadow);
}
END_TEST

START_TEST(depths_are_cut_filled_and_inserted)
{
	struct pmt_shadow_frame unknown = {.node = 99};
	struct pmt_shadow shadow = {0};

	push(&shadow, 1, false);
	push(&shadow, 2, true);
	push(&shadow, 3, false);
	push(&shadow, 4, true);
	pmt_shadow_cut_to(&shadow, 1);
	ck_assert_uint_eq(shadow.depth, 1);
	ck_assert_uint_eq(pmt_shadow_top(&shadow)->node, 1);
	pmt_shadow_cut_to(&shadow, 5);
	ck_assert_uint_eq(shadow.depth, 1);
	ck_assert_int_eq(pmt_shadow_fill_to(&shadow, 3, unknown), 0);
	ck_assert_uint_eq(shadow.python_depth, 3);
	ck_assert_uint_eq(pmt_shadow_top(&shadow)->node, 99);
	push(&shadow, 7, false);
	ck_assert_int_eq(pmt_shadow_insert_to(&shadow, 6, unknown), 0);
	ck_assert_uint_eq(shadow.python_depth, 6);
	ck_assert_uint_eq(shadow.frames[0].node, 99);
	ck_assert_uint_eq(shadow.frames[1].node, 99);
	ck_assert_uint_eq(shadow.frames[2].node, 1);
	ck_assert_uint_eq(pmt_shadow_top(&shadow)->node, 7);
	ck_assert_int_eq(pmt_shadow_insert_to(&shadow, 2, unknown), 0);
	ck_assert_uint_eq(shadow.python_depth, 6);
	pmt_shadow_close(&shadow);
}
END_TEST

/* A damaged record claims a depth: memory stays small. */
START_TEST(a_claimed_depth_is_bounded)
{
	struct pmt_shadow_frame unknown = {.node = 99};
	struct pmt_shadow shadow = {0};

	ck_assert_int_eq(pmt_shadow_fill_to(&shadow, UINT64_MAX, unknown), 0);
	ck_assert_uint_le(shadow.depth, 1 << 20);
	pmt_shadow_cut_to(&shadow, 0);
	push(&shadow, 1, false);
	ck_assert_int_eq(pmt_shadow_insert_to(&shadow, UINT64_MAX, unknown), 0);
	ck_assert_uint_le(shadow.depth, 1 << 20);
	ck_assert_uint_eq(pmt_shadow_top(&shadow)->node, 1);
	pmt_shadow_close(&shadow);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shadow");
	TCase *tc = tcase_create("stack");

	tcase_add_test(tc, the_top_is_what_was_pushed_last);
	tcase_add_test(tc, a_python_leave_ends_c_functions_above);
	tcase_add_test(tc, leaves_of_nothing_are_counted);
	tcase_add_test(tc, depths_are_cut_filled_and_inserted);
	tcase_add_test(tc, a_claimed_depth_is_bounded);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
