/* Short texts: built whole, cut but terminated where they do not fit, numbers read back.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run_suite.h"
#include "tracer/os/text.h"

START_TEST(test_parts_are_joined)
{
	static const uint8_t id[] = {0x00, 0x9f, 0xff};
	char bytes[64];
	struct pmt_text_buffer text;

	pmt_text_begin(&text, bytes, sizeof(bytes));
	pmt_text_put(&text, "a-");
	pmt_text_put_hex(&text, id, sizeof(id));
	pmt_text_put(&text, "-");
	pmt_text_put_u64(&text, UINT64_MAX);
	ck_assert_str_eq(bytes, "a-009fff-18446744073709551615");
	ck_assert_uint_eq(text.used, strlen(bytes));
	ck_assert(!text.cut);
}
END_TEST

/* In buffers of every size: what fits, a 0, and not a byte behind it. */
START_TEST(test_a_full_buffer_is_cut_and_terminated)
{
	static const char whole[] = "pid 12345 ff";

	for (size_t size = 1; size <= sizeof(whole); size++) {
		char bytes[sizeof(whole) + 1];
		struct pmt_text_buffer text;

		memset(bytes, '#', sizeof(bytes));
		pmt_text_begin(&text, bytes, size);
		pmt_text_put(&text, "pid ");
		pmt_text_put_u64(&text, 12345);
		pmt_text_put_bytes(&text, " ", 1);
		pmt_text_put_hex(&text, (const uint8_t *)"\xff", 1);
		ck_assert_int_eq(strncmp(bytes, whole, size - 1), 0);
		ck_assert_int_eq(bytes[size - 1], '\0');
		ck_assert_int_eq(bytes[size], '#');
		ck_assert(text.cut == (size < sizeof(whole)));
		ck_assert(pmt_text_copy(bytes, size, whole) == !text.cut);
	}
}
END_TEST

START_TEST(test_numbers_come_back)
{
	static const uint64_t numbers[] = {0, 7, 10, 4294967296u, UINT64_MAX};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char bytes[40];
		const char *p = bytes;

		snprintf(bytes, sizeof(bytes), "%" PRIu64 ":rest", numbers[i]);
		ck_assert_uint_eq(pmt_text_get_u64(&p), numbers[i]);
		ck_assert_str_eq(p, ":rest");
	}
	const char *none = "-1";
	ck_assert_uint_eq(pmt_text_get_u64(&none), 0);
	ck_assert_str_eq(none, "-1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_parts_are_joined);
	tcase_add_test(tc, test_a_full_buffer_is_cut_and_terminated);
	tcase_add_test(tc, test_numbers_come_back);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
