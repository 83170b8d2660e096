/* The story of all_kinds.h, told with the encoders that the tracer uses. */
#include "support/all_kinds.h"

#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "format/payload.h"
#include "format/payload_blocks.h"
#include "format/payload_gc.h"
#include "format/payload_live.h"
#include "format/ring_layout.h"

enum { RECORDS_MAX = 64, PAYLOAD_BYTES = 400, STREAMS = 3 };

static struct told_record told[RECORDS_MAX];
static size_t count;
static uint64_t ticks[STREAMS];
static uint64_t addresses[STREAMS];

/* Room for one payload, kept for ever. */
static uint8_t *new_payload(void)
{
	uint8_t *payload = malloc(PAYLOAD_BYTES);

	if (!payload || count == RECORDS_MAX)
		abort();
	return payload;
}

static struct pmt_text text(const char *s)
{
	return (struct pmt_text){s, strlen(s)};
}

static void tell(uint32_t stream, struct pmt_record record)
{
	ticks[stream] += record.ticks;
	told[count++] = (struct told_record){stream, record, ticks[stream], 0};
}

static void tell_ext(uint32_t stream, unsigned ext, const uint8_t *payload,
		     const uint8_t *end)
{
	tell(stream, (struct pmt_record){.op = PMT_OP_EXTENDED,
					 .ext = (uint8_t)ext,
					 .payload = payload,
					 .payload_bytes = (size_t)(end - payload)});
}

static void tell_checkpoint(uint32_t stream, uint64_t tick, uint64_t depth,
			    uint64_t event_count, const struct pmt_deltas *sums)
{
	uint8_t *p = new_payload();
	struct pmt_checkpoint point = {
	    .tick = tick,
	    .monotonic_ns = tick * 10,
	    .realtime_ns = 1767225600000000000u + tick * 10,
	    .depth = depth,
	    .event_count = event_count,
	    .sums = *sums,
	};

	ticks[stream] = tick;
	addresses[stream] = 0;
	tell_ext(stream, PMT_EXT_CHECKPOINT, p, pmt_payload_put_checkpoint(p, &point));
}

static void tell_info(const char *key, const char *value)
{
	uint8_t *p = new_payload();
	uint8_t *end = pmt_payload_put_text(p, text(key));

	tell_ext(0, PMT_EXT_INFO, p, pmt_payload_put_text(end, text(value)));
}

static void tell_code_in(uint32_t stream, uint32_t id, uint8_t kind, uint64_t line,
			 const char *file, const char *name, uint64_t lines_bytes)
{
	uint8_t *p = new_payload();
	struct pmt_code_def def = {
	    .id = id,
	    .first_line = line,
	    .kind = kind,
	    .line_table = lines_bytes ? PMT_LINES_311 : PMT_LINES_NONE,
	    .line_table_bytes = lines_bytes,
	    .file = text(file),
	    .name = text(name),
	};

	tell_ext(stream, PMT_EXT_CODE, p, pmt_payload_put_code(p, &def));
}

static void tell_code(uint32_t id, uint8_t kind, uint64_t line, const char *file,
		      const char *name, uint64_t lines_bytes)
{
	tell_code_in(1, id, kind, line, file, name, lines_bytes);
}

static void tell_lines(uint32_t id, uint64_t offset, const char *bytes, size_t size)
{
	uint8_t *p = new_payload();
	uint8_t *end = pmt_varint_put(pmt_varint_put(p, id), offset);

	end = pmt_payload_put_text(end, (struct pmt_text){bytes, size});
	tell_ext(1, PMT_EXT_CODE_LINES, p, end);
}

static void tell_thread(uint32_t stream, uint32_t tid, bool is_main, const char *name)
{
	uint8_t *p = new_payload();
	struct pmt_thread_def def = {
	    .os_tid = tid,
	    .rss_method = is_main ? PMT_RSS_EXACT : PMT_RSS_CLOCK,
	    .is_main = is_main,
	    .name = text(name),
	};

	tell_ext(stream, PMT_EXT_THREAD, p, pmt_payload_put_thread(p, &def));
}

static void tell_text(uint32_t stream, unsigned ext, const char *words)
{
	uint8_t *p = new_payload();

	tell_ext(stream, ext, p, pmt_payload_put_text(p, text(words)));
}

/* Up to four varints; signed ones come zigzagged. */
static void tell_numbers(uint32_t stream, unsigned ext, const uint64_t *n, unsigned many)
{
	uint8_t *p = new_payload(), *end = p;

	for (unsigned i = 0; i < many; i++)
		end = pmt_varint_put(end, n[i]);
	tell_ext(stream, ext, p, end);
}

static int64_t step_to(uint32_t stream, uint64_t address)
{
	int64_t step = (int64_t)(address - addresses[stream]);

	addresses[stream] = address;
	return step;
}

static void tell_gc(uint32_t stream, const struct pmt_gc_event *event)
{
	uint8_t *p = new_payload();

	tell_ext(stream, PMT_EXT_GC, p, pmt_payload_put_gc(p, event));
}

static void tell_process(void)
{
	static const struct pmt_deltas none;
	static const struct pmt_sample sample = {1100,     20 << 20, 90 << 20, 5 << 20,
						 4000,     3,        120,      30,
						 21 << 20, 7 << 20,  1 << 20,  2};
	uint8_t *p;

	tell_checkpoint(0, 1000, 0, 0, &none);
	tell_info("version", "0.1.0");
	tell_info("argv", "python app.py");
	p = new_payload();
	ticks[0] = sample.tick;
	tell_ext(0, PMT_EXT_SAMPLE, p, pmt_payload_put_sample(p, &sample));
	p = new_payload();
	struct pmt_tree_node node = {1, 1, 0, 1, 10, {1024, 2, 64, 1, 56, 1, 3, 0, 0},
				     4, 0, 0};
	tell_ext(0, PMT_EXT_TREE_NODE, p, pmt_payload_put_tree_node(p, &node));
	p = new_payload();
	struct pmt_live_state state = {0, 4096, 2000, 1 << 18, 1, 0, 2, 0, 0, 0};
	tell_ext(0, PMT_EXT_LIVE_STATE, p, pmt_payload_put_live_state(p, &state));
	p = new_payload();
	struct pmt_live_place place = {2,         1,         PMT_BLOCK_MALLOC, {3072, 3},
				       {2048, 2}, {3072, 3}, {1024, 1}};
	tell_ext(0, PMT_EXT_LIVE_PLACE, p, pmt_payload_put_live_place(p, &place));
	p = new_payload();
	struct pmt_gc_counts collections = {0, 1, 12, 340, 0, 0};
	tell_ext(0, PMT_EXT_GC_COUNTS, p, pmt_payload_put_gc_counts(p, &collections));
	tell_numbers(0, PMT_EXT_LOSS, (uint64_t[]){PMT_LOSS_NO_RING, 2, 0, 0}, 4);
	p = new_payload();
	uint8_t *sums_at = pmt_varint_put(p, 13);
	tell_ext(0, PMT_EXT_THREAD_SUMS, p,
		 pmt_payload_put_sums(
		     sums_at, &(struct pmt_deltas){2048, 4, 0, 0, 0, 0, 0, 0, 0}));
	tell_numbers(0, PMT_EXT_END, (uint64_t[]){PMT_END_EXIT, pmt_zigzag(3), 13}, 3);
}

static void tell_calls(void)
{
	struct pmt_deltas d = {1024, 2, 64, 1, 56, 1, 3, 4096, -8192};
	struct pmt_deltas sums = d;

	tell_checkpoint(1, 2000, 0, 0, &(struct pmt_deltas){0});
	tell_thread(1, 11, true, "MainThread");
	tell_code(1, PMT_CODE_PYTHON, 10, "/app.py", "main", 6);
	tell_lines(1, 0, "\xf0\x03\x01\x01", 4);
	tell_lines(1, 4, "\xf8\x01", 2);
	tell_code(2, PMT_CODE_C, 0, "", "list.append", 0);
	tell(1, (struct pmt_record){.op = PMT_OP_START, .code_id = 1, .ticks = 10});
	tell(1, (struct pmt_record){.op = PMT_OP_LINE, .line = 11, .deltas = d});
	tell_numbers(1, PMT_EXT_C_CALL, (uint64_t[]){2}, 1);
	tell_numbers(1, PMT_EXT_C_RETURN, NULL, 0);
	tell_numbers(1, PMT_EXT_C_CALL, (uint64_t[]){2}, 1);
	tell_numbers(1, PMT_EXT_C_RAISE, NULL, 0);
	tell_text(1, PMT_EXT_REGION_BEGIN, "load");
	tell_text(1, PMT_EXT_MARK, "half way, \xe2\x82\xac");
	tell_text(1, PMT_EXT_REGION_END, "load");
	tell(1, (struct pmt_record){.op = PMT_OP_YIELD, .ticks = 1});
	tell(1, (struct pmt_record){.op = PMT_OP_RESUME, .code_id = 1});
	tell_numbers(1, PMT_EXT_PAUSE, NULL, 0);
	tell_numbers(1, PMT_EXT_CONTINUE, (uint64_t[]){1, 1}, 2);
	tell(1, (struct pmt_record){.op = PMT_OP_UNWIND, .ticks = 300});
	tell(1, (struct pmt_record){.op = PMT_OP_THROW, .code_id = 1});
	tell(1, (struct pmt_record){.op = PMT_OP_RETURN, .deltas = {.rss_pages = -1}});
	tell_gc(1, &(struct pmt_gc_event){PMT_GC_START, 2, 0, 0, 0, 0});
	tell_gc(1, &(struct pmt_gc_event){PMT_GC_STOP, 2, 0, 17, 1, 300});
	tell_numbers(1, PMT_EXT_LOSS, (uint64_t[]){PMT_LOSS_RING_FULL, 5, 0, 0}, 4);
	sums.rss_pages = 2;
	tell_checkpoint(1, 3000, 0, 18, &sums);
	uint8_t *p = new_payload();
	struct pmt_point point = {PMT_OP_START, 1, 0, 1, 40, 0, 0};
	tell_ext(1, PMT_EXT_POINT, p, pmt_payload_put_point(p, &point));
}

static void tell_block(unsigned ext, const uint8_t *payload, const uint8_t *end)
{
	tell_ext(2, ext, payload, end);
	told[count - 1].address = addresses[2];
}

static void tell_blocks(void)
{
	uint8_t *p;

	tell_checkpoint(2, 2500, 0, 0, &(struct pmt_deltas){0});
	tell_thread(2, 12, false, "worker");
	p = new_payload();
	struct pmt_stack_def stack = {1, 0, 1, 14};
	tell_ext(2, PMT_EXT_STACK, p, pmt_payload_put_stack(p, &stack));
	tell_code_in(2, 3, PMT_CODE_NATIVE, 0x7ffff7dd5000, "/usr/lib/libc.so.6",
		     "0123456789abcdef0123456789abcdef01234567", 0);
	p = new_payload();
	stack = (struct pmt_stack_def){2, 1, 3, 0x9e0af};
	tell_ext(2, PMT_EXT_STACK, p, pmt_payload_put_stack(p, &stack));
	p = new_payload();
	struct pmt_block_alloc alloc = {PMT_BLOCK_MALLOC, 1, 100, 104,
					step_to(2, 0x7f0000001000)};
	tell_block(PMT_EXT_ALLOC, p, pmt_payload_put_alloc(p, &alloc));
	p = new_payload();
	alloc = (struct pmt_block_alloc){PMT_BLOCK_OBJECT, 1, 56, 64,
					 step_to(2, 0x7f0000000800)};
	tell_block(PMT_EXT_ALLOC, p, pmt_payload_put_alloc(p, &alloc));
	p = new_payload();
	struct pmt_fault fault = {1, 2, step_to(2, 0x7f0000000000)};
	tell_block(PMT_EXT_FAULT, p, pmt_payload_put_fault(p, &fault));
	p = new_payload();
	struct pmt_block_free release = {PMT_BLOCK_MALLOC, step_to(2, 0x7f0000001000), 0};
	tell_block(PMT_EXT_FREE, p, pmt_payload_put_free(p, &release));
	tell_ext(2, 0xee, (const uint8_t *)"new", (const uint8_t *)"new" + 3);
}

const struct told_record *test_all_kinds(size_t *ret_count)
{
	if (count == 0) {
		tell_process();
		tell_calls();
		tell_blocks();
	}
	*ret_count = count;
	return told;
}
