/*
 * Short records of blocks: a made-up program's blocks come back as they were, from any
 * order of them, from long records among them, behind gaps, out of a killed ring; and
 * bytes that nobody wrote do no harm.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader/cursor.h"
#include "reader/trace.h"
#include "support/chance.h"
#include "support/coded_blocks.h"
#include "support/run_suite.h"

enum { BLOCKS = 6000, EVENTS = 60000 };

struct known {
	struct pmt_block_alloc alloc;
	struct pmt_block_free release;
	uint64_t address;
	uint64_t tick;
	size_t position; /* of its record */
	bool is_alloc;
};

static struct test_coded coded;
static struct known known[EVENTS];
static size_t known_count;

static struct {
	uint64_t live[BLOCKS];
	uint64_t free[BLOCKS]; /* the last freed is the last */
	size_t live_count, free_count;
	uint64_t end;
} heap;

static void begin_stream(void)
{
	test_bytes_close(&coded.bytes);
	memset(&coded, 0, sizeof(coded));
	memset(&heap, 0, sizeof(heap));
	heap.end = 0x7f0000000010;
	known_count = 0;
	test_coded_checkpoint(&coded, 1000);
}

static uint64_t take_address(uint64_t usable)
{
	if (heap.free_count && draw(4))
		return heap.free[--heap.free_count];
	if (heap.free_count && draw(2)) {
		size_t i = draw(heap.free_count);
		uint64_t address = heap.free[i];
		heap.free[i] = heap.free[--heap.free_count];
		return address;
	}
	uint64_t address = heap.end + (draw(50) ? 0 : draw(1 << 20) * 16);
	heap.end = address + usable + 8;
	return draw(500) ? address : address + 1;
}

static void note(struct known event)
{
	event.tick = coded.tick;
	known[known_count++] = event;
}

static void allocate(void)
{
	static const uint8_t kinds[] = {0, 0, 0, 0, 1, 2, 8, 16, 17, 18, 200};
	struct pmt_block_alloc alloc = {
	    .kind = kinds[draw(sizeof(kinds))],
	    .stack_id = (uint32_t)draw(draw(3) ? 20 : UINT32_MAX),
	    .requested_bytes = draw(draw(20) ? 300 : (uint64_t)1 << 34),
	};
	size_t position = coded.bytes.size;

	alloc.usable_bytes = pmt_code_usual_usable(alloc.requested_bytes);
	if (!draw(10))
		alloc.usable_bytes += 16;
	uint64_t address = take_address(alloc.usable_bytes);
	test_coded_alloc(&coded, alloc, address, draw(16) ? 0 : draw(5000), !draw(50));
	heap.live[heap.live_count++] = address;
	note((struct known){
	    .alloc = alloc, .address = address, .position = position, .is_alloc = true});
}

static void release(void)
{
	size_t i = draw(2) ? heap.live_count - 1 : draw(heap.live_count);
	struct pmt_block_free release = {.kind = draw(20) ? 0 : (uint8_t)draw(256),
					 .bytes = draw(100) ? 0 : 4096};
	uint64_t address = heap.live[i];
	size_t position = coded.bytes.size;

	if (!draw(200)) /* a block of before, or another thread's */
		address = 0x600000000000 + draw(100) * 16;
	else
		memmove(&heap.live[i], &heap.live[i + 1],
			(--heap.live_count - i) * sizeof(heap.live[0]));
	test_coded_free(&coded, release, address, draw(16) ? 0 : draw(5000), !draw(50));
	heap.free[heap.free_count++] = address;
	note(
	    (struct known){.release = release, .address = address, .position = position});
}

static void run_program(size_t events)
{
	while (events--) {
		bool must = heap.free_count == BLOCKS || !heap.live_count;

		if (heap.live_count < BLOCKS && (must || draw(100) < 52))
			allocate();
		else
			release();
	}
}

static void check_event(const struct pmt_event *e, const struct known *k)
{
	struct pmt_block_alloc alloc;
	struct pmt_block_free release;

	ck_assert_uint_eq(e->position, k->position);
	ck_assert_uint_eq(e->tick, k->tick);
	ck_assert_uint_eq(e->address, k->address);
	ck_assert_uint_eq(e->record.ext, k->is_alloc ? PMT_EXT_ALLOC : PMT_EXT_FREE);
	if (k->is_alloc) {
		ck_assert(pmt_payload_get_alloc(&e->record, &alloc));
		ck_assert_uint_eq(alloc.kind, k->alloc.kind);
		ck_assert_uint_eq(alloc.stack_id, k->alloc.stack_id);
		ck_assert_uint_eq(alloc.requested_bytes, k->alloc.requested_bytes);
		ck_assert_uint_eq(alloc.usable_bytes, k->alloc.usable_bytes);
	} else {
		ck_assert(pmt_payload_get_free(&e->record, &release));
		ck_assert_uint_eq(release.kind, k->release.kind);
		ck_assert_uint_eq(release.bytes, k->release.bytes);
	}
}

static bool is_block(const struct pmt_event *e)
{
	return e->kind == PMT_EVENT_RECORD &&
	       (e->record.ext == PMT_EXT_ALLOC || e->record.ext == PMT_EXT_FREE);
}

static struct pmt_trace *open_bytes(const struct test_bytes *b)
{
	struct pmt_problem problem;
	struct pmt_trace *trace =
	    pmt_trace_open(test_write_file("trace.bin", b), NULL, &problem);

	ck_assert_msg(trace != NULL, "%s", problem.text);
	return trace;
}

START_TEST(what_was_written_is_read)
{
	struct pmt_file_header h = test_coded_header();
	struct test_bytes b = {NULL, 0, 0};
	const struct pmt_event *e;
	size_t seen = 0;

	begin_stream();
	for (int part = 0; part < 6; part++) {
		run_program(EVENTS / 6);
		test_coded_checkpoint(&coded, coded.tick);
	}
	test_add_header(&b, &h);
	size_t half = known[EVENTS / 2 + 77].position;
	test_add_coded_chunk(&b, 1, &coded.bytes, 0, half, PMT_CODEC_LZ4, 5);
	test_add_coded_chunk(&b, 1, &coded.bytes, half, coded.bytes.size, PMT_CODEC_NONE,
			     6);
	struct pmt_trace *trace = open_bytes(&b);
	struct pmt_cursor *cursor = pmt_cursor_new_merged(trace, NULL);
	while ((e = pmt_cursor_next(cursor)))
		if (is_block(e))
			check_event(e, &known[seen++]);
	ck_assert_uint_eq(seen, known_count);
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 0);
	pmt_cursor_free(cursor);
	pmt_trace_close(trace);
	test_bytes_close(&b);
}
END_TEST

/* Three chunks between which is a gap: what comes in the second before its checkpoint is
 * told without its address, all else as it was. */
START_TEST(behind_a_gap_a_checkpoint_is_waited_for)
{
	struct pmt_file_header h = test_coded_header();
	struct test_bytes b = {NULL, 0, 0};
	const struct pmt_event *e;
	size_t gaps = 0, blind = 0, seen = 0;

	begin_stream();
	run_program(3000);
	size_t again = coded.bytes.size;
	test_coded_checkpoint(&coded, coded.tick + 1);
	run_program(3000);
	size_t from = known[1000].position, to = known[2000].position;
	test_add_header(&b, &h);
	test_add_coded_chunk(&b, 1, &coded.bytes, 0, from, PMT_CODEC_NONE, 5);
	test_add_coded_chunk(&b, 1, &coded.bytes, to, coded.bytes.size, PMT_CODEC_NONE,
			     6);
	struct pmt_trace *trace = open_bytes(&b);
	struct pmt_cursor *cursor = pmt_cursor_new(trace, 1, NULL);
	while ((e = pmt_cursor_next(cursor))) {
		if (e->kind == PMT_EVENT_GAP) {
			gaps++;
			seen = 2000;
		} else if (is_block(e) && e->position >= to && e->position < again) {
			ck_assert_uint_eq(e->position, known[seen++].position);
			ck_assert_uint_eq(e->address, 0);
			blind++;
		} else if (is_block(e)) {
			check_event(e, &known[seen++]);
		}
	}
	ck_assert_uint_eq(gaps, 1);
	ck_assert_uint_eq(blind, 1000);
	ck_assert_uint_eq(seen, known_count);
	pmt_cursor_free(cursor);
	pmt_trace_close(trace);
	test_bytes_close(&b);
}
END_TEST

/* A loop that allocates and frees the same, as most do, takes a byte an event. */
START_TEST(a_loop_takes_a_byte_an_event)
{
	const struct pmt_block_alloc a = {0, 7, 100, 104, 0}, b = {0, 8, 33, 40, 0};
	const struct pmt_block_free whole = {0, 0, 0};

	begin_stream();
	size_t before = coded.bytes.size;
	for (int i = 0; i < 1000; i++) {
		test_coded_alloc(&coded, a, 0x5000010, 0, false);
		test_coded_alloc(&coded, b, 0x6000010, 0, false);
		test_coded_free(&coded, whole, 0x5000010, 0, false);
		test_coded_free(&coded, whole, 0x6000010, 0, false);
	}
	ck_assert_uint_le(coded.bytes.size - before, 4000 + 60);
}
END_TEST

/* Any bytes: decoding ends, and the memory is not left. */
START_TEST(bytes_that_nobody_wrote_do_no_harm)
{
	struct pmt_block_coding *memory = calloc(1, sizeof(*memory));
	struct pmt_block_alloc alloc;
	struct pmt_block_free release;
	struct pmt_record r;
	uint8_t bytes[64];

	for (int i = 0; i < 200000; i++) {
		for (size_t at = 0; at < sizeof(bytes); at++)
			bytes[at] = (uint8_t)draw(draw(2) ? 256 : 16);
		const uint8_t *p = bytes, *end = bytes + sizeof(bytes);
		while (pmt_record_decode_form(PMT_FORM_BLOCKS, &p, end, &r) == 0) {
			if (!r.is_coded)
				continue;
			if (r.ext == PMT_EXT_ALLOC)
				pmt_code_resolve_alloc(memory, &r.code, &alloc);
			else
				pmt_code_resolve_free(memory, &r.code, &release);
		}
	}
	free(memory);
}
END_TEST

/* Cut short at any byte a record is none. */
START_TEST(a_cut_record_is_none)
{
	struct pmt_record r;
	size_t at = 0;

	begin_stream();
	run_program(2000);
	while (at < coded.bytes.size) {
		const uint8_t *begin = coded.bytes.bytes + at, *p = begin;
		ck_assert_int_eq(
		    pmt_record_decode_form(PMT_FORM_BLOCKS, &p,
					   coded.bytes.bytes + coded.bytes.size, &r),
		    0);
		size_t size = (size_t)(p - begin);
		for (size_t cut = 1; cut < size; cut++) {
			p = begin;
			ck_assert_int_eq(
			    pmt_record_decode_form(PMT_FORM_BLOCKS, &p, begin + cut, &r),
			    -EBADMSG);
		}
		at += size;
	}
}
END_TEST

START_TEST(heads_that_mean_nothing_are_refused)
{
	for (unsigned head = 0; head < 256; head++) {
		const uint8_t bytes[] = {(uint8_t)head, 1, 1, 1, 1, 1, 1, 1}, *p = bytes;
		struct pmt_record r;

		if ((head & 7) == 5 || (head & 7) == 6)
			ck_assert_int_eq(pmt_record_decode_form(PMT_FORM_BLOCKS, &p,
								bytes + sizeof(bytes),
								&r),
					 -EBADMSG);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block_coding");
	TCase *tc = tcase_create("block_coding");

	begin_chance();
	tcase_add_test(tc, what_was_written_is_read);
	tcase_add_test(tc, behind_a_gap_a_checkpoint_is_waited_for);
	tcase_add_test(tc, a_loop_takes_a_byte_an_event);
	tcase_add_test(tc, bytes_that_nobody_wrote_do_no_harm);
	tcase_add_test(tc, a_cut_record_is_none);
	tcase_add_test(tc, heads_that_mean_nothing_are_refused);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
