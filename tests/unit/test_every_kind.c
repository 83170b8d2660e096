/*
 * One record of each kind through the whole way: encoder, ring, chunk, file, reader; the
 * last ones from a ring whose process was killed. Every field must come out as it went
 * in. A kind that is not in the story fails the test.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/cursor.h"
#include "reader/trace.h"
#include "support/all_kinds.h"
#include "support/run_suite.h"
#include "support/trace_writer.h"

enum { DATA_BYTES = 256, STREAMS = 3 };

/* A ring of one stream, its bytes where a real one has them. */
struct small_ring {
	uint8_t data[DATA_BYTES];
	uint64_t head;
	uint64_t tail;
};

/* Writes [tail, up to the wrap or head) as a chunk. */
static void drain(struct small_ring *ring, uint32_t stream, struct test_bytes *trace)
{
	uint64_t at = ring->tail % DATA_BYTES;
	uint64_t size = ring->head - ring->tail;
	struct test_bytes piece = {ring->data + at, 0, 0};

	piece.size = size < DATA_BYTES - at ? size : DATA_BYTES - at;
	test_add_chunk_at(trace, stream, &piece, ring->tail,
			  stream == 1 ? PMT_CODEC_LZ4 : PMT_CODEC_NONE, 9000);
	ring->tail += piece.size;
}

static void push(struct small_ring *ring, uint32_t stream, const struct pmt_record *r,
		 struct test_bytes *trace)
{
	struct test_bytes record = {NULL, 0, 0};

	test_put_record(&record, r);
	uint64_t at = ring->head % DATA_BYTES;
	uint64_t pad = at + record.size > DATA_BYTES ? DATA_BYTES - at : 0;
	while (ring->head + pad + record.size - ring->tail > DATA_BYTES)
		drain(ring, stream, trace);
	memset(ring->data + at, PMT_RING_FILLER, pad);
	ring->head += pad;
	memcpy(ring->data + ring->head % DATA_BYTES, record.bytes, record.size);
	ring->head += record.size;
	test_bytes_close(&record);
}

/* Trace and ring of a process that was killed after the whole story. */
static const char *write_story(const struct told_record *told, size_t count)
{
	struct pmt_file_header h = test_file_header();
	struct test_bytes trace = {NULL, 0, 0}, ring_file = {NULL, 0, 0};
	struct small_ring rings[STREAMS] = {{.head = 0}};
	struct test_bytes views[STREAMS];
	struct test_slot slots[STREAMS];

	test_add_header(&trace, &h);
	for (size_t i = 0; i < count; i++)
		push(&rings[told[i].stream], told[i].stream, &told[i].record, &trace);
	for (uint32_t i = 0; i < STREAMS; i++) {
		views[i] = (struct test_bytes){rings[i].data, DATA_BYTES, 0};
		slots[i] =
		    (struct test_slot){PMT_SLOT_ACTIVE, i, 0, DATA_BYTES, &views[i], 0};
	}
	test_add_ring(&ring_file, &h, "/no/such/trace", DATA_BYTES, slots, STREAMS, 0);
	for (uint32_t i = 0; i < STREAMS; i++) {
		struct pmt_ring_slot *slot =
		    (void *)(ring_file.bytes + PMT_RING_CONTROL_BYTES +
			     i * (PMT_RING_CONTROL_BYTES + DATA_BYTES));
		pmt_store_release(&slot->tail, rings[i].tail);
		pmt_store_release(&slot->head, rings[i].head);
	}
	test_write_file("story.bin.ring", &ring_file);
	const char *path = test_write_file("story.bin", &trace);
	test_bytes_close(&trace);
	test_bytes_close(&ring_file);
	return path;
}

static void assert_same(const struct told_record *told, const struct pmt_event *e)
{
	const struct pmt_record *a = &told->record, *b = &e->record;

	ck_assert_uint_eq(e->kind, PMT_EVENT_RECORD);
	ck_assert_uint_eq(a->op, b->op);
	ck_assert_uint_eq(a->ext, b->ext);
	ck_assert_uint_eq(a->code_id, b->code_id);
	ck_assert_uint_eq(a->line, b->line);
	ck_assert_uint_eq(a->ticks, b->ticks);
	ck_assert_mem_eq(&a->deltas, &b->deltas, sizeof(a->deltas));
	ck_assert_uint_eq(a->payload_bytes, b->payload_bytes);
	if (a->payload_bytes)
		ck_assert_mem_eq(a->payload, b->payload, a->payload_bytes);
	ck_assert(e->tick_known);
	ck_assert_uint_eq(told->tick, e->tick);
	if (told->address)
		ck_assert_uint_eq(told->address, e->address);
}

START_TEST(story_comes_out_as_it_went_in)
{
	struct pmt_problem problem;
	size_t count, given = 0;
	const struct told_record *told = test_all_kinds(&count);
	struct pmt_trace *trace =
	    pmt_trace_open(write_story(told, count), NULL, &problem);

	ck_assert_ptr_nonnull(trace);
	ck_assert_uint_eq(pmt_trace_ring(trace)->state, PMT_RING_SALVAGED);
	ck_assert_uint_gt(pmt_trace_ring(trace)->bytes, 0);
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 0);
	ck_assert_uint_eq(pmt_trace_missing_bytes(trace), 0);
	for (uint32_t stream = 0; stream < STREAMS; stream++) {
		struct pmt_cursor *cursor = pmt_cursor_new(trace, stream, NULL);
		const struct pmt_event *e;
		ck_assert_ptr_nonnull(cursor);
		for (size_t i = 0; i < count; i++) {
			if (told[i].stream != stream)
				continue;
			e = pmt_cursor_next(cursor);
			ck_assert_msg(e != NULL, "stream %u ends early", stream);
			assert_same(&told[i], e);
			given++;
		}
		ck_assert_ptr_null(pmt_cursor_next(cursor));
		pmt_cursor_free(cursor);
	}
	ck_assert_uint_eq(given, count);
	pmt_trace_close(trace);
}
END_TEST

START_TEST(story_tells_every_kind)
{
	static const uint8_t exts[] = {
	    PMT_EXT_C_CALL,     PMT_EXT_C_RETURN,    PMT_EXT_C_RAISE,
	    PMT_EXT_POINT,      PMT_EXT_CODE,        PMT_EXT_CODE_LINES,
	    PMT_EXT_THREAD,     PMT_EXT_INFO,        PMT_EXT_STACK,
	    PMT_EXT_CHECKPOINT, PMT_EXT_LOSS,        PMT_EXT_END,
	    PMT_EXT_MARK,       PMT_EXT_REGION_END,  PMT_EXT_REGION_BEGIN,
	    PMT_EXT_PAUSE,      PMT_EXT_CONTINUE,    PMT_EXT_SAMPLE,
	    PMT_EXT_TREE_NODE,  PMT_EXT_ALLOC,       PMT_EXT_FREE,
	    PMT_EXT_FAULT,      PMT_EXT_THREAD_SUMS, PMT_EXT_LIVE_STATE,
	    PMT_EXT_LIVE_PLACE, PMT_EXT_GC,          PMT_EXT_GC_COUNTS,
	};
	bool op_told[8] = {false}, ext_told[256] = {false};
	size_t count;
	const struct told_record *told = test_all_kinds(&count);

	for (size_t i = 0; i < count; i++) {
		op_told[told[i].record.op] = true;
		if (told[i].record.op == PMT_OP_EXTENDED)
			ext_told[told[i].record.ext] = true;
	}
	for (unsigned i = 0; i < 8; i++)
		ck_assert_msg(op_told[i], "operation %u", i);
	for (size_t i = 0; i < sizeof(exts); i++)
		ck_assert_msg(ext_told[exts[i]], "type 0x%02x", exts[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("every kind");
	TCase *tc = tcase_create("story");

	tcase_add_test(tc, story_comes_out_as_it_went_in);
	tcase_add_test(tc, story_tells_every_kind);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
