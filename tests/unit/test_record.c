/*
 * Records: exact bytes for each operation, random records through two independent
 * encoders (the tests' own and lib/format's), and bytes that are no record.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format/record.h"
#include "support/records.h"
#include "support/run_suite.h"

static void assert_same(const struct pmt_record *a, const struct pmt_record *b)
{
	ck_assert_uint_eq(a->op, b->op);
	ck_assert_uint_eq(a->ext, b->ext);
	ck_assert_uint_eq(a->code_id, b->code_id);
	ck_assert_uint_eq(a->line, b->line);
	ck_assert_uint_eq(a->ticks, b->ticks);
	ck_assert_mem_eq(&a->deltas, &b->deltas, sizeof(a->deltas));
	ck_assert_uint_eq(a->payload_bytes, b->payload_bytes);
	if (a->payload_bytes)
		ck_assert_mem_eq(a->payload, b->payload, a->payload_bytes);
}

static const struct {
	const char *bytes;
	size_t size;
	struct pmt_record record;
} known[] = {
    {"\x00\x05", 2, {.op = PMT_OP_START, .code_id = 5}},
    {"\x01", 1, {.op = PMT_OP_RETURN}},
    {"\x02\xac\x02", 3, {.op = PMT_OP_RESUME, .code_id = 300}},
    {"\x0b\x28", 2, {.op = PMT_OP_YIELD, .ticks = 40}},
    {"\x0c\x01\x28", 3, {.op = PMT_OP_THROW, .code_id = 1, .ticks = 40}},
    {"\x45\x03", 2, {.op = PMT_OP_UNWIND, .deltas = {.rss_pages = -2}}},
    {"\x06\x0a", 2, {.op = PMT_OP_LINE, .line = 10}},
    {"\x11\x80\x08\x02\x40\x01",
     6,
     {.op = PMT_OP_RETURN,
      .deltas = {.allocated_bytes = 1024,
		 .allocated_count = 2,
		 .freed_bytes = 64,
		 .freed_count = 1}}},
    {"\x20\x01\x38\x01",
     4,
     {.op = PMT_OP_START,
      .code_id = 1,
      .deltas = {.object_bytes = 56, .object_count = 1}}},
    {"\x81\x80\x40\x01",
     4,
     {.op = PMT_OP_RETURN, .deltas = {.mapped_bytes = 4096, .file_mapped_bytes = -1}}},
    {"\xf9\x01\x02\x03\x04\x05\x06\x07\x08\x0a\x0c",
     11,
     {.op = PMT_OP_RETURN, .ticks = 1, .deltas = {2, 3, 4, 5, 6, 7, 4, 5, 6}}},
    {"\x07\x33\x00", 3, {.op = PMT_OP_EXTENDED, .ext = PMT_EXT_PAUSE}},
    {"\x4f\x30\x09\x02\x03\x02hi",
     8,
     {.op = PMT_OP_EXTENDED,
      .ext = PMT_EXT_MARK,
      .ticks = 9,
      .deltas = {.rss_pages = 1},
      .payload = (const uint8_t *)"\x02hi",
      .payload_bytes = 3}},
};

START_TEST(known_bytes)
{
	const uint8_t *bytes = (const uint8_t *)known[_i].bytes, *p = bytes;
	struct test_bytes made = {NULL, 0, 0};
	struct pmt_record record;

	ck_assert_int_eq(pmt_record_decode(&p, bytes + known[_i].size, &record), 0);
	ck_assert_ptr_eq(p, bytes + known[_i].size);
	assert_same(&record, &known[_i].record);
	ck_assert_uint_eq(test_put_record(&made, &known[_i].record), known[_i].size);
	ck_assert_mem_eq(made.bytes, bytes, known[_i].size);
	test_bytes_close(&made);
}
END_TEST

START_TEST(too_short_is_no_record)
{
	for (size_t size = 1; size < known[_i].size; size++) {
		const uint8_t *bytes = (const uint8_t *)known[_i].bytes, *p = bytes;
		struct pmt_record record;
		ck_assert_int_eq(pmt_record_decode(&p, bytes + size, &record), -EBADMSG);
		ck_assert_ptr_eq(p, bytes);
	}
}
END_TEST

START_TEST(filler_is_passed_over)
{
	static const uint8_t bytes[] = {0xff, 0xff, 0x01, 0xff, 0x06, 0x03, 0xff};
	const uint8_t *p = bytes, *end = bytes + sizeof(bytes);
	struct pmt_record record;

	ck_assert_int_eq(pmt_record_decode(&p, end, &record), 0);
	ck_assert_uint_eq(record.op, PMT_OP_RETURN);
	ck_assert_int_eq(pmt_record_decode(&p, end, &record), 0);
	ck_assert_uint_eq(record.line, 3);
	ck_assert_int_eq(pmt_record_decode(&p, end, &record), -ENODATA);
	ck_assert_ptr_eq(p, end);
	ck_assert_int_eq(pmt_record_decode(&p, end, &record), -ENODATA);
}
END_TEST

START_TEST(values_too_large_are_refused)
{
	static const uint8_t code[] = {0x00, 0x80, 0x80, 0x80, 0x80, 0x10};
	static const uint8_t payload[] = {0x07, 0x30, 0x05, 1, 2, 3, 4};
	struct pmt_record record;
	const uint8_t *p = code;

	ck_assert_int_eq(pmt_record_decode(&p, code + sizeof(code), &record), -EBADMSG);
	p = payload;
	ck_assert_int_eq(pmt_record_decode(&p, payload + sizeof(payload), &record),
			 -EBADMSG);
}
END_TEST

/* Numbers of all sizes, and often 0. */
static uint64_t any(unsigned *seed)
{
	uint64_t value = ((uint64_t)rand_r(seed) << 33) ^ (uint64_t)rand_r(seed);

	return rand_r(seed) % 3 ? value >> (rand_r(seed) % 64) : 0;
}

static struct pmt_record any_record(unsigned *seed)
{
	static const uint8_t payload[300] = {1, 2, 3};
	struct pmt_record r = {.op = rand_r(seed) % 8};

	if (pmt_op_is_enter(r.op))
		r.code_id = (uint32_t)any(seed);
	if (r.op == PMT_OP_LINE)
		r.line = any(seed);
	r.deltas = (struct pmt_deltas){
	    any(seed),         any(seed), any(seed),          any(seed),
	    any(seed),         any(seed), (int64_t)any(seed), -(int64_t)(any(seed) >> 1),
	    (int64_t)any(seed)};
	if (r.op == PMT_OP_EXTENDED) {
		r.ext = (uint8_t)rand_r(seed);
		r.payload = payload;
		r.payload_bytes = any(seed) % sizeof(payload);
	} else {
		r.ticks = any(seed);
	}
	return r;
}

/* As the tracer does it: by pmt_deltas_put. */
static size_t put_like_tracer(uint8_t *begin, const struct pmt_record *r)
{
	uint8_t head = r->op;
	uint8_t *p = begin + 1;

	if (pmt_op_is_enter(r->op))
		p = pmt_varint_put(p, r->code_id);
	else if (r->op == PMT_OP_LINE)
		p = pmt_varint_put(p, r->line);
	else if (r->op == PMT_OP_EXTENDED)
		*p++ = r->ext;
	if (r->ticks) {
		head |= PMT_FLAG_TIME;
		p = pmt_varint_put(p, r->ticks);
	}
	p = pmt_deltas_put(p, &r->deltas, &head);
	if (r->op == PMT_OP_EXTENDED) {
		p = pmt_varint_put(p, r->payload_bytes);
		memcpy(p, r->payload, r->payload_bytes);
		p += r->payload_bytes;
	}
	*begin = head;
	return (size_t)(p - begin);
}

START_TEST(two_encoders_and_the_decoder_agree)
{
	unsigned seed = (unsigned)time(NULL);
	struct test_bytes made = {NULL, 0, 0};
	uint8_t buffer[PMT_RECORD_BYTES_MAX + 300];

	printf("two_encoders_and_the_decoder_agree: seed %u\n", seed);
	for (int i = 0; i < 50000; i++) {
		struct pmt_record r = any_record(&seed), back;
		made.size = 0;
		size_t size = test_put_record(&made, &r);
		ck_assert_uint_eq(put_like_tracer(buffer, &r), size);
		ck_assert_mem_eq(buffer, made.bytes, size);
		ck_assert_uint_ne(buffer[0], 0xff);
		ck_assert_uint_le(size, PMT_RECORD_BYTES_MAX + r.payload_bytes);
		const uint8_t *p = buffer;
		ck_assert_int_eq(pmt_record_decode(&p, buffer + size, &back), 0);
		ck_assert_ptr_eq(p, buffer + size);
		assert_same(&r, &back);
	}
	test_bytes_close(&made);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *tc = tcase_create("record");
	int count = sizeof(known) / sizeof(known[0]);

	tcase_add_loop_test(tc, known_bytes, 0, count);
	tcase_add_loop_test(tc, too_short_is_no_record, 0, count);
	tcase_add_test(tc, filler_is_passed_over);
	tcase_add_test(tc, values_too_large_are_refused);
	tcase_add_test(tc, two_encoders_and_the_decoder_agree);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
