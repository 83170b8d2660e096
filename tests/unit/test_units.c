/* Sizes and durations: known values, limits, and that what is written reads back. */
#include "base/units.h"
#include "support/run_suite.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sample {
	const char *text;
	int result;
	uint64_t value;
};

static const struct sample sizes[] = {
    {"0", 0, 0},
    {"512", 0, 512},
    {"512B", 0, 512},
    {"4K", 0, 4096},
    {"4k", 0, 4096},
    {"512KiB", 0, 524288},
    {"1MB", 0, 1000000},
    {"1mb", 0, 1000000},
    {"1MiB", 0, 1048576},
    {"4GiB", 0, UINT64_C(4294967296)},
    {"2TB", 0, UINT64_C(2000000000000)},
    {"18446744073709551615", 0, UINT64_MAX},
    {"16777215T", 0, UINT64_C(16777215) << 40},
    {"18446744073709551616", -ERANGE, 0},
    {"16777216T", -ERANGE, 0},
    {"99999999999999999999999", -ERANGE, 0},
    {"", -EINVAL, 0},
    {"K", -EINVAL, 0},
    {"-1", -EINVAL, 0},
    {"+1", -EINVAL, 0},
    {" 1", -EINVAL, 0},
    {"1 K", -EINVAL, 0},
    {"1.5K", -EINVAL, 0},
    {"1,5K", -EINVAL, 0},
    {"1KiBs", -EINVAL, 0},
    {"1ms", -EINVAL, 0},
    {"0x10", -EINVAL, 0},
};

static const struct sample durations[] = {
    {"0", 0, 0},
    {"100ms", 0, 100000000},
    {"1s", 0, 1000000000},
    {"250us", 0, 250000},
    {"2m", 0, UINT64_C(120000000000)},
    {"3h", 0, UINT64_C(10800000000000)},
    {"7ns", 0, 7},
    {"0s", 0, 0},
    {"100", -EINVAL, 0},
    {"ms", -EINVAL, 0},
    {"1K", -EINVAL, 0},
    {"1ss", -EINVAL, 0},
    {"18446744073709551615s", -ERANGE, 0},
};

static void check_sample(const struct sample *s,
			 int (*parse)(const char *, size_t, uint64_t *))
{
	uint64_t value = 12345;
	int result = parse(s->text, strlen(s->text), &value);

	ck_assert_msg(result == s->result, "\"%s\": %d, not %d", s->text, result,
		      s->result);
	/* Untouched on failure. */
	ck_assert_msg(value == (result ? 12345 : s->value), "\"%s\": %" PRIu64, s->text,
		      value);
}

START_TEST(sizes_are_read)
{
	check_sample(&sizes[_i], pmt_units_parse_size);
}
END_TEST

START_TEST(durations_are_read)
{
	check_sample(&durations[_i], pmt_units_parse_duration);
}
END_TEST

START_TEST(only_the_given_bytes_are_read)
{
	uint64_t value;

	ck_assert_int_eq(pmt_units_parse_size("12K34", 3, &value), 0);
	ck_assert_uint_eq(value, 12 * 1024);
	ck_assert_int_eq(pmt_units_parse_size("12", 0, &value), -EINVAL);
}
END_TEST

START_TEST(the_largest_exact_unit_is_written)
{
	char text[PMT_UNITS_TEXT_BYTES];

	ck_assert_uint_eq(pmt_units_format_size(65536, text), 5);
	ck_assert_str_eq(text, "64KiB");
	pmt_units_format_size(1000, text);
	ck_assert_str_eq(text, "1000");
	pmt_units_format_size(0, text);
	ck_assert_str_eq(text, "0");
	pmt_units_format_duration(100000000, text);
	ck_assert_str_eq(text, "100ms");
	pmt_units_format_duration(UINT64_C(120000000000), text);
	ck_assert_str_eq(text, "2m");
	pmt_units_format_count(UINT64_MAX, text);
	ck_assert_str_eq(text, "18446744073709551615");
}
END_TEST

/* What the writer says, the reader takes for the same number. */
START_TEST(written_values_read_back)
{
	const char *given = getenv("PMT_TEST_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	printf("written_values_read_back: PMT_TEST_SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 20000; i++) {
		uint64_t value = (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^
				 (uint64_t)random();
		uint64_t back;
		char text[PMT_UNITS_TEXT_BYTES];

		value >>= random() % 64;
		value = random() % 2 ? value & ~UINT64_C(0x3ff) : value;
		size_t size = pmt_units_format_size(value, text);
		ck_assert_uint_eq(size, strlen(text));
		ck_assert_int_eq(pmt_units_parse_size(text, size, &back), 0);
		ck_assert_uint_eq(back, value);
		size = pmt_units_format_duration(value, text);
		ck_assert_uint_eq(size, strlen(text));
		ck_assert_int_eq(pmt_units_parse_duration(text, size, &back), 0);
		ck_assert_uint_eq(back, value);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("units");
	TCase *tc = tcase_create("units");

	tcase_add_loop_test(tc, sizes_are_read, 0,
			    (int)(sizeof(sizes) / sizeof(sizes[0])));
	tcase_add_loop_test(tc, durations_are_read, 0,
			    (int)(sizeof(durations) / sizeof(durations[0])));
	tcase_add_test(tc, only_the_given_bytes_are_read);
	tcase_add_test(tc, the_largest_exact_unit_is_written);
	tcase_add_test(tc, written_values_read_back);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
