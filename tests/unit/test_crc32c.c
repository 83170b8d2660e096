/* CRC-32C against the vectors of RFC 3720 (iSCSI), appendix B.4, and the check value. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "support/run_suite.h"

static void setup(void)
{
	pmt_crc32c_init();
}

START_TEST(published_vectors)
{
	uint8_t bytes[32];

	ck_assert_uint_eq(pmt_crc32c(0, "123456789", 9), 0xe3069283u);
	ck_assert_uint_eq(pmt_crc32c(0, "", 0), 0);
	memset(bytes, 0, sizeof(bytes));
	ck_assert_uint_eq(pmt_crc32c(0, bytes, 32), 0x8a9136aau);
	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_uint_eq(pmt_crc32c(0, bytes, 32), 0x62a8ab43u);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	ck_assert_uint_eq(pmt_crc32c(0, bytes, 32), 0x46dd794eu);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = 31 - i;
	ck_assert_uint_eq(pmt_crc32c(0, bytes, 32), 0x113fdb5cu);
}
END_TEST

/* Any split and any alignment gives the same. */
START_TEST(continues)
{
	uint8_t bytes[64 + 8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	for (size_t shift = 0; shift < 8; shift++) {
		uint32_t whole = pmt_crc32c(0, bytes + shift, 64);
		for (size_t cut = 0; cut <= 64; cut++) {
			uint32_t part = pmt_crc32c(0, bytes + shift, cut);
			ck_assert_uint_eq(pmt_crc32c(part, bytes + shift + cut, 64 - cut),
					  whole);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crc32c");
	TCase *tc = tcase_create("crc32c");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, published_vectors);
	tcase_add_test(tc, continues);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
