/* Varints: exact bytes at the boundaries, refusal of what is too long, round trips. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/varint.h"
#include "support/run_suite.h"

static const struct {
	uint64_t value;
	uint8_t bytes[PMT_VARINT_MAX_BYTES];
	size_t size;
} known[] = {
    {0, {0x00}, 1},
    {1, {0x01}, 1},
    {127, {0x7f}, 1},
    {128, {0x80, 0x01}, 2},
    {300, {0xac, 0x02}, 2},
    {16383, {0xff, 0x7f}, 2},
    {16384, {0x80, 0x80, 0x01}, 3},
    {UINT32_MAX, {0xff, 0xff, 0xff, 0xff, 0x0f}, 5},
    {UINT64_MAX, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 10},
    {1ull << 63, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 10},
};

START_TEST(known_bytes)
{
	uint8_t buffer[PMT_VARINT_MAX_BYTES];
	const uint8_t *p = known[_i].bytes, *end = p + known[_i].size;
	uint64_t value;

	ck_assert_uint_eq((size_t)(pmt_varint_put(buffer, known[_i].value) - buffer),
			  known[_i].size);
	ck_assert_mem_eq(buffer, known[_i].bytes, known[_i].size);
	ck_assert(pmt_varint_get(&p, end, &value));
	ck_assert_uint_eq(value, known[_i].value);
	ck_assert_ptr_eq(p, end);
}
END_TEST

START_TEST(too_short_changes_nothing)
{
	for (size_t size = 0; size < known[_i].size; size++) {
		const uint8_t *p = known[_i].bytes;
		uint64_t value = 42;
		ck_assert(!pmt_varint_get(&p, known[_i].bytes + size, &value));
		ck_assert_ptr_eq(p, known[_i].bytes);
		ck_assert_uint_eq(value, 42);
	}
}
END_TEST

START_TEST(more_than_64_bits_are_refused)
{
	uint8_t eleven[11], bit_64[10];
	uint64_t value;

	memset(eleven, 0x80, sizeof(eleven));
	eleven[10] = 0;
	memset(bit_64, 0xff, sizeof(bit_64));
	bit_64[9] = 0x02;
	const uint8_t *p = eleven;
	ck_assert(!pmt_varint_get(&p, eleven + 11, &value));
	ck_assert_ptr_eq(p, eleven);
	p = bit_64;
	ck_assert(!pmt_varint_get(&p, bit_64 + 10, &value));
}
END_TEST

START_TEST(zigzag_boundaries)
{
	ck_assert_uint_eq(pmt_zigzag(0), 0);
	ck_assert_uint_eq(pmt_zigzag(-1), 1);
	ck_assert_uint_eq(pmt_zigzag(1), 2);
	ck_assert_uint_eq(pmt_zigzag(-2), 3);
	ck_assert_uint_eq(pmt_zigzag(INT64_MAX), UINT64_MAX - 1);
	ck_assert_uint_eq(pmt_zigzag(INT64_MIN), UINT64_MAX);
	ck_assert_int_eq(pmt_unzigzag(UINT64_MAX), INT64_MIN);
	ck_assert_int_eq(pmt_unzigzag(UINT64_MAX - 1), INT64_MAX);
}
END_TEST

START_TEST(round_trips)
{
	unsigned seed = (unsigned)time(NULL);
	uint8_t buffer[PMT_VARINT_MAX_BYTES];

	printf("round_trips: seed %u\n", seed);
	for (int i = 0; i < 100000; i++) {
		uint64_t value = ((uint64_t)rand_r(&seed) << 42) ^
				 ((uint64_t)rand_r(&seed) << 21) ^
				 (uint64_t)rand_r(&seed);
		value >>= rand_r(&seed) % 64;
		const uint8_t *p = buffer;
		const uint8_t *end = pmt_varint_put(buffer, value);
		uint64_t back;
		ck_assert(pmt_varint_get(&p, end, &back));
		ck_assert_uint_eq(back, value);
		ck_assert_ptr_eq(p, end);
		ck_assert_int_eq(pmt_unzigzag(pmt_zigzag((int64_t)value)),
				 (int64_t)value);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("varint");
	TCase *tc = tcase_create("varint");
	int count = sizeof(known) / sizeof(known[0]);

	tcase_add_loop_test(tc, known_bytes, 0, count);
	tcase_add_loop_test(tc, too_short_changes_nothing, 0, count);
	tcase_add_test(tc, more_than_64_bits_are_refused);
	tcase_add_test(tc, zigzag_boundaries);
	tcase_add_test(tc, round_trips);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
