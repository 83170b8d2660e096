/*
 * Payloads: exact bytes of each with small numbers, the largest values there and back,
 * refusal of what is too short or too large, and deafness to a newer writer's fields.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "format/payload.h"
#include "format/payload_blocks.h"
#include "format/payload_gc.h"
#include "format/payload_live.h"
#include "support/run_suite.h"

/* One payload as a test sees it: encode, and decode then encode again. */
struct kind {
	const char *name;
	uint8_t *(*put)(uint8_t *p, bool largest);
	/* false when the decoder refuses */
	bool (*again)(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end);
	const char *bytes; /* of the small one */
	size_t size;
};

#define TEXT(s) ((struct pmt_text){s, sizeof(s) - 1})

static const struct pmt_deltas small_sums = {1, 2, 3, 4, 5, 6, -7, 8, -9};
static const struct pmt_deltas large_sums = {
    UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
    UINT64_MAX, INT64_MIN,  INT64_MAX,  INT64_MIN,
};
#define SMALL_SUMS "\x01\x02\x03\x04\x05\x06\x0d\x10\x11"

static uint8_t *put_code(uint8_t *p, bool largest)
{
	struct pmt_code_def small = {1, 2, 1, 11, 3, TEXT("f.py"), TEXT("g")};
	struct pmt_code_def large = {UINT32_MAX, UINT64_MAX,  UINT8_MAX, UINT8_MAX,
				     UINT64_MAX, TEXT("f\0"), TEXT("")};

	return pmt_payload_put_code(p, largest ? &large : &small);
}

static bool again_code(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_code_def def;

	if (!pmt_payload_get_code(r, &def))
		return false;
	*ret_end = pmt_payload_put_code(p, &def);
	return true;
}

static uint8_t *put_thread(uint8_t *p, bool largest)
{
	struct pmt_thread_def small = {5, PMT_RSS_CLOCK, true, TEXT("main")};
	struct pmt_thread_def large = {UINT32_MAX, UINT8_MAX, false, TEXT("\xff\xfe")};

	return pmt_payload_put_thread(p, largest ? &large : &small);
}

static bool again_thread(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_thread_def def;

	if (!pmt_payload_get_thread(r, &def))
		return false;
	*ret_end = pmt_payload_put_thread(p, &def);
	return true;
}

static uint8_t *put_checkpoint(uint8_t *p, bool largest)
{
	struct pmt_checkpoint small = {1, 2, 3, 4, 5, small_sums};
	struct pmt_checkpoint large = {UINT64_MAX, UINT64_MAX, UINT64_MAX,
				       UINT64_MAX, UINT64_MAX, large_sums};

	return pmt_payload_put_checkpoint(p, largest ? &large : &small);
}

static bool again_checkpoint(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_checkpoint point;

	if (!pmt_payload_get_checkpoint(r, &point))
		return false;
	*ret_end = pmt_payload_put_checkpoint(p, &point);
	return true;
}

static uint8_t *put_point(uint8_t *p, bool largest)
{
	struct pmt_point small = {1, 2, 3, 4, 5, 0, 0};
	struct pmt_point large = {UINT8_MAX,  UINT32_MAX, UINT32_MAX, UINT64_MAX,
				  UINT64_MAX, 0,          0};

	return pmt_payload_put_point(p, largest ? &large : &small);
}

static bool again_point(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_point point;

	if (!pmt_payload_get_point(r, &point))
		return false;
	*ret_end = pmt_payload_put_point(p, &point);
	return true;
}

static uint8_t *put_sample(uint8_t *p, bool largest)
{
	struct pmt_sample small = {1, 2, 3, 4, 5, 6, 7, 8, 9, -10, 11, 12};
	struct pmt_sample large = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
				   UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
				   UINT64_MAX, INT64_MIN,  INT64_MAX,  UINT64_MAX};

	return pmt_payload_put_sample(p, largest ? &large : &small);
}

static bool again_sample(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_sample sample;

	if (!pmt_payload_get_sample(r, &sample))
		return false;
	*ret_end = pmt_payload_put_sample(p, &sample);
	return true;
}

static uint8_t *put_tree_node(uint8_t *p, bool largest)
{
	struct pmt_tree_node small = {1, 2, 3, 4, 5, small_sums, 10, 0, 0};
	struct pmt_tree_node large = {UINT32_MAX, UINT32_MAX, UINT32_MAX,
				      UINT32_MAX, UINT64_MAX, large_sums,
				      UINT64_MAX, 0,          0};

	return pmt_payload_put_tree_node(p, largest ? &large : &small);
}

static bool again_tree_node(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_tree_node node;

	if (!pmt_payload_get_tree_node(r, &node))
		return false;
	*ret_end = pmt_payload_put_tree_node(p, &node);
	return true;
}

static uint8_t *put_thread_sums(uint8_t *p, bool largest)
{
	p = pmt_varint_put(p, largest ? UINT32_MAX : 1);
	return pmt_payload_put_sums(p, largest ? &large_sums : &small_sums);
}

static bool again_thread_sums(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_deltas sums;
	uint32_t tid;

	if (!pmt_payload_get_thread_sums(r, &tid, &sums))
		return false;
	*ret_end = pmt_payload_put_sums(pmt_varint_put(p, tid), &sums);
	return true;
}

static uint8_t *put_alloc(uint8_t *p, bool largest)
{
	struct pmt_block_alloc small = {PMT_BLOCK_MMAP, 2, 3, 4, -5};
	struct pmt_block_alloc large = {UINT8_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX,
					INT64_MIN};

	return pmt_payload_put_alloc(p, largest ? &large : &small);
}

static bool again_alloc(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_block_alloc alloc;

	if (!pmt_payload_get_alloc(r, &alloc))
		return false;
	*ret_end = pmt_payload_put_alloc(p, &alloc);
	return true;
}

static uint8_t *put_free(uint8_t *p, bool largest)
{
	struct pmt_block_free small = {PMT_BLOCK_OBJECT, 1, 2};
	struct pmt_block_free large = {UINT8_MAX, INT64_MAX, UINT64_MAX};

	return pmt_payload_put_free(p, largest ? &large : &small);
}

static bool again_free(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_block_free release;

	if (!pmt_payload_get_free(r, &release))
		return false;
	*ret_end = pmt_payload_put_free(p, &release);
	return true;
}

static uint8_t *put_fault(uint8_t *p, bool largest)
{
	struct pmt_fault small = {1, 2, 3};
	struct pmt_fault large = {UINT32_MAX, UINT64_MAX, INT64_MIN};

	return pmt_payload_put_fault(p, largest ? &large : &small);
}

static bool again_fault(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_fault fault;

	if (!pmt_payload_get_fault(r, &fault))
		return false;
	*ret_end = pmt_payload_put_fault(p, &fault);
	return true;
}

static uint8_t *put_live_state(uint8_t *p, bool largest)
{
	const uint64_t m = UINT64_MAX;
	struct pmt_live_state small = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	struct pmt_live_state large = {UINT8_MAX, m, m, m, m, m, m, m, m, m};

	return pmt_payload_put_live_state(p, largest ? &large : &small);
}

static bool again_live_state(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_live_state state;

	if (!pmt_payload_get_live_state(r, &state))
		return false;
	*ret_end = pmt_payload_put_live_state(p, &state);
	return true;
}

static uint8_t *put_live_place(uint8_t *p, bool largest)
{
	const struct pmt_live_sum most = {UINT64_MAX, UINT64_MAX};
	struct pmt_live_place small = {1, 2, 3, {4, 5}, {6, 7}, {8, 9}, {10, 11}};
	struct pmt_live_place large = {UINT32_MAX, UINT32_MAX, UINT8_MAX, most,
				       most,       most,       most};

	return pmt_payload_put_live_place(p, largest ? &large : &small);
}

static bool again_live_place(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_live_place place;

	if (!pmt_payload_get_live_place(r, &place))
		return false;
	*ret_end = pmt_payload_put_live_place(p, &place);
	return true;
}

static uint8_t *put_stack(uint8_t *p, bool largest)
{
	struct pmt_stack_def small = {1, 2, 3, 4};
	struct pmt_stack_def large = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT64_MAX};

	return pmt_payload_put_stack(p, largest ? &large : &small);
}

static bool again_stack(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_stack_def def;

	if (!pmt_payload_get_stack(r, &def))
		return false;
	*ret_end = pmt_payload_put_stack(p, &def);
	return true;
}

static uint8_t *put_gc(uint8_t *p, bool largest)
{
	struct pmt_gc_event small = {PMT_GC_STOP, 2, 3, 4, 5, 6};
	struct pmt_gc_event large = {PMT_GC_STOP, UINT8_MAX,  UINT64_MAX,
				     UINT64_MAX,  UINT64_MAX, UINT64_MAX};

	return pmt_payload_put_gc(p, largest ? &large : &small);
}

static uint8_t *put_gc_start(uint8_t *p, bool largest)
{
	struct pmt_gc_event small = {PMT_GC_START, 2, 3, 0, 0, 0};
	struct pmt_gc_event large = {PMT_GC_BACK, UINT8_MAX, UINT64_MAX, 0, 0, 0};

	return pmt_payload_put_gc(p, largest ? &large : &small);
}

static bool again_gc(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_gc_event event;

	if (!pmt_payload_get_gc(r, &event))
		return false;
	*ret_end = pmt_payload_put_gc(p, &event);
	return true;
}

static uint8_t *put_gc_counts(uint8_t *p, bool largest)
{
	struct pmt_gc_counts small = {1, 2, 3, 4, 5, 6};
	struct pmt_gc_counts large = {UINT64_MAX, UINT8_MAX,  UINT64_MAX,
				      UINT64_MAX, UINT64_MAX, UINT64_MAX};

	return pmt_payload_put_gc_counts(p, largest ? &large : &small);
}

static bool again_gc_counts(const struct pmt_record *r, uint8_t *p, uint8_t **ret_end)
{
	struct pmt_gc_counts counts;

	if (!pmt_payload_get_gc_counts(r, &counts))
		return false;
	*ret_end = pmt_payload_put_gc_counts(p, &counts);
	return true;
}

#define BYTES(s) s, sizeof(s) - 1
static const struct kind kinds[] = {
    {"code", put_code, again_code, BYTES("\x01\x02\x01\x0b\x03\x04\x66.py\x01g")},
    {"thread", put_thread, again_thread, BYTES("\x05\x03\x01\x04main")},
    {"checkpoint", put_checkpoint, again_checkpoint,
     BYTES("\x01\x02\x03\x04\x05" SMALL_SUMS)},
    {"point", put_point, again_point, BYTES("\x01\x02\x03\x04\x05")},
    {"sample", put_sample, again_sample,
     BYTES("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x13\x16\x0c")},
    {"tree node", put_tree_node, again_tree_node,
     BYTES("\x01\x02\x03\x04\x05" SMALL_SUMS "\x0a")},
    {"thread sums", put_thread_sums, again_thread_sums, BYTES("\x01" SMALL_SUMS)},
    {"alloc", put_alloc, again_alloc, BYTES("\x08\x02\x03\x04\x09")},
    {"free", put_free, again_free, BYTES("\x12\x02\x02")},
    {"fault", put_fault, again_fault, BYTES("\x01\x02\x06")},
    {"stack", put_stack, again_stack, BYTES("\x01\x02\x03\x04")},
    {"live state", put_live_state, again_live_state,
     BYTES("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a")},
    {"live place", put_live_place, again_live_place,
     BYTES("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b")},
    {"collection", put_gc, again_gc, BYTES("\x01\x02\x03\x04\x05\x06")},
    {"collection counts", put_gc_counts, again_gc_counts,
     BYTES("\x01\x02\x03\x04\x05\x06")},
    {"collection begins", put_gc_start, again_gc, BYTES("\x00\x02\x03")},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static struct pmt_record record_of(const uint8_t *bytes, size_t size)
{
	return (struct pmt_record){
	    .op = PMT_OP_EXTENDED, .payload = bytes, .payload_bytes = size};
}

START_TEST(known_bytes)
{
	const struct kind *k = &kinds[_i];
	uint8_t bytes[PMT_PAYLOAD_FIXED_BYTES + 16];

	size_t size = (size_t)(k->put(bytes, false) - bytes);
	ck_assert_msg(size == k->size && memcmp(bytes, k->bytes, size) == 0, "%s",
		      k->name);
}
END_TEST

START_TEST(there_and_back)
{
	const struct kind *k = &kinds[_i];
	uint8_t bytes[PMT_PAYLOAD_FIXED_BYTES + 16], back[PMT_PAYLOAD_FIXED_BYTES + 16];

	for (int largest = 0; largest < 2; largest++) {
		uint8_t *end = k->put(bytes, largest), *back_end;
		size_t size = (size_t)(end - bytes);
		ck_assert_uint_le(size, PMT_PAYLOAD_FIXED_BYTES);
		struct pmt_record r = record_of(bytes, size);
		ck_assert_msg(k->again(&r, back, &back_end), "%s", k->name);
		ck_assert_uint_eq((size_t)(back_end - back), size);
		ck_assert_mem_eq(back, bytes, size);

		/* A newer writer's field behind ours. */
		memset(end, 0xff, 8);
		r = record_of(bytes, size + 8);
		ck_assert_msg(k->again(&r, back, &back_end), "%s", k->name);
		ck_assert_uint_eq((size_t)(back_end - back), size);
		ck_assert_mem_eq(back, bytes, size);
	}
}
END_TEST

START_TEST(too_short_is_refused)
{
	const struct kind *k = &kinds[_i];
	uint8_t bytes[PMT_PAYLOAD_FIXED_BYTES + 16], back[PMT_PAYLOAD_FIXED_BYTES + 16];
	uint8_t *back_end;

	for (int largest = 0; largest < 2; largest++) {
		size_t size = (size_t)(k->put(bytes, largest) - bytes);
		for (size_t cut = 0; cut < size; cut++) {
			struct pmt_record r = record_of(bytes, cut);
			ck_assert_msg(!k->again(&r, back, &back_end), "%s cut to %zu",
				      k->name, cut);
		}
	}
}
END_TEST

/* An id of 2^32 in the first field, for kinds whose first field is an id. */
START_TEST(too_large_is_refused)
{
	const struct kind *k = &kinds[_i];
	uint8_t bytes[64], back[PMT_PAYLOAD_FIXED_BYTES], *back_end;

	if (k->put == put_checkpoint || k->put == put_sample || k->put == put_gc_counts)
		return; /* their first field is 64 bits wide */
	uint8_t *p = pmt_varint_put(bytes, 1ull << 32);
	memset(p, 1, sizeof(bytes) - (size_t)(p - bytes));
	struct pmt_record r = record_of(bytes, sizeof(bytes));
	ck_assert_msg(!k->again(&r, back, &back_end), "%s", k->name);
}
END_TEST

/* Its last two fields are newer than the rest: they may be missing, both. */
START_TEST(a_point_with_lines)
{
	struct pmt_point in = {1, 2, 3, 4, 5, 300, UINT64_MAX}, out;
	uint8_t bytes[PMT_PAYLOAD_FIXED_BYTES];
	size_t size = (size_t)(pmt_payload_put_point(bytes, &in) - bytes);
	struct pmt_record r = {.payload = bytes, .payload_bytes = size};

	ck_assert_uint_le(size, PMT_PAYLOAD_FIXED_BYTES);
	ck_assert(pmt_payload_get_point(&r, &out));
	ck_assert_uint_eq(out.line, 300);
	ck_assert_uint_eq(out.from_line, UINT64_MAX);
	ck_assert_uint_eq(out.skipped_count, 5);
	for (r.payload_bytes = 5; r.payload_bytes < size; r.payload_bytes++) {
		ck_assert(pmt_payload_get_point(&r, &out));
		ck_assert_uint_eq(out.line | out.from_line, 0);
	}
}
END_TEST

/* The two fields that only some nodes have. */
START_TEST(kinds_of_tree_nodes)
{
	uint8_t bytes[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_tree_node node = {1, 2, 0, 0, 5, small_sums, 10, PMT_TREE_OPEN, 300};
	struct pmt_tree_node back = {0};

	size_t size = (size_t)(pmt_payload_put_tree_node(bytes, &node) - bytes);
	ck_assert_mem_eq(bytes + size - 3, "\x02\xac\x02", 3);
	struct pmt_record r = record_of(bytes, size);
	ck_assert(pmt_payload_get_tree_node(&r, &back));
	ck_assert_uint_eq(back.kind, PMT_TREE_OPEN);
	ck_assert_uint_eq(back.depth, 300);
	r = record_of(bytes, size - 3);
	ck_assert(pmt_payload_get_tree_node(&r, &back));
	ck_assert_uint_eq(back.kind, PMT_TREE_CALL);
	ck_assert_uint_eq(back.depth, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("payload");
	TCase *tc = tcase_create("payload");

	tcase_add_loop_test(tc, known_bytes, 0, KIND_COUNT);
	tcase_add_loop_test(tc, there_and_back, 0, KIND_COUNT);
	tcase_add_test(tc, kinds_of_tree_nodes);
	tcase_add_loop_test(tc, too_short_is_refused, 0, KIND_COUNT);
	tcase_add_loop_test(tc, too_large_is_refused, 0, KIND_COUNT);
	tcase_add_test(tc, a_point_with_lines);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
