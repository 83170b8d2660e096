/* Short records of blocks for tests; see coded_blocks.h. */
#include "support/coded_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "format/payload.h"

void test_coded_checkpoint(struct test_coded *c, uint64_t tick)
{
	test_put_checkpoint(&c->bytes, tick, 0, 0);
	memset(&c->coding, 0, sizeof(c->coding));
	c->last_address = 0;
	c->tick = tick;
}

static void add_short(struct test_coded *c, uint8_t *record, uint8_t *end, uint64_t ticks)
{
	if (ticks) {
		record[0] |= PMT_FLAG_TIME;
		end = pmt_varint_put(end, ticks);
	}
	test_bytes_add(&c->bytes, record, (size_t)(end - record));
}

void test_coded_alloc(struct test_coded *c, struct pmt_block_alloc alloc,
		      uint64_t address, uint64_t ticks, bool is_long)
{
	uint8_t record[PMT_CODE_BYTES_MAX + PMT_VARINT_MAX_BYTES], *end;

	c->tick += ticks;
	alloc.address_step = (int64_t)(address - c->last_address);
	c->last_address = address;
	if (is_long ||
	    !pmt_code_fits(address, alloc.requested_bytes, alloc.usable_bytes)) {
		end = pmt_payload_put_alloc(record, &alloc);
		test_put_ext(&c->bytes, PMT_EXT_ALLOC, ticks, record,
			     (size_t)(end - record));
		pmt_code_note_alloc(&c->coding, &alloc, address);
		return;
	}
	end = pmt_code_put_alloc(&c->coding, record, &alloc, address);
	add_short(c, record, end, ticks);
}

void test_coded_free(struct test_coded *c, struct pmt_block_free release,
		     uint64_t address, uint64_t ticks, bool is_long)
{
	uint8_t record[PMT_CODE_BYTES_MAX + PMT_VARINT_MAX_BYTES], *end;

	c->tick += ticks;
	release.address_step = (int64_t)(address - c->last_address);
	c->last_address = address;
	if (is_long || release.bytes || !pmt_code_fits(address, 0, 0)) {
		end = pmt_payload_put_free(record, &release);
		test_put_ext(&c->bytes, PMT_EXT_FREE, ticks, record,
			     (size_t)(end - record));
		pmt_code_note_free(&c->coding, &release, address);
		return;
	}
	end = pmt_code_put_free(&c->coding, record, release.kind, address);
	add_short(c, record, end, ticks);
}

static void put_stack(struct test_bytes *b, uint32_t id, uint32_t parent, uint32_t offset)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_stack_def def = {id, parent, 1, offset};

	test_put_ext(b, PMT_EXT_STACK, 0, payload,
		     (size_t)(pmt_payload_put_stack(payload, &def) - payload));
}

void test_coded_story(struct test_coded *c)
{
	const uint64_t base = 0x55550000a010;
	const struct pmt_block_alloc small = {0, 1, 40, 40, 0};
	const struct pmt_block_alloc other = {0, 2, 100, 104, 0};
	const struct pmt_block_alloc odd = {PMT_BLOCK_REALLOC, 2, 5000, 5016, 0};
	const struct pmt_block_free whole = {0, 0, 0};
	const struct pmt_block_free moved = {PMT_BLOCK_REALLOC, 0, 0};

	test_coded_checkpoint(c, 1000);
	test_put_thread(&c->bytes, 4200001, true, "MainThread");
	test_put_code(&c->bytes, 1, "/app.py", 10, "work");
	put_stack(&c->bytes, 1, 0, 4);
	put_stack(&c->bytes, 2, 1, 8);
	for (uint64_t i = 0; i < 12; i++) /* behind one another */
		test_coded_alloc(c, small, base + i * 48, i % 4 ? 0 : 7, false);
	test_coded_alloc(c, other, base + 0x1000, 0, false);
	test_coded_free(c, whole, base + 0x1000, 0, false); /* the last */
	for (uint64_t i = 12; i-- > 0;)                     /* backwards */
		test_coded_free(c, whole, base + i * 48, i % 4 ? 0 : 9, false);
	for (uint64_t i = 0; i < 7;
	     i++) /* the thread's cache of glibc, last in first out */
		test_coded_alloc(c, small, base + (5 + i) * 48, 0, false);
	test_coded_alloc(c, small, base, 0, false); /* then behind it */
	test_coded_alloc(c, other, base + 0x1000, 3, false);
	test_coded_alloc(c, small, base + 3 * 48, 0, false); /* another than expected */
	test_coded_free(c, moved, base, 0, false);
	test_coded_alloc(c, odd, base + 0x200000, 0, false);
	test_coded_free(c, whole, base + 0x900000, 0, false);  /* never seen */
	test_coded_alloc(c, small, base + 0x300008, 0, false); /* fits no short one */
	test_coded_free(c, whole, base + 0x300008, 0, false);
	test_coded_alloc(c, other, base + 0x400000, 5, true);
	test_coded_free(c, whole, base + 0x400000, 0, true);
}

struct pmt_file_header test_coded_header(void)
{
	struct pmt_file_header h = test_file_header();

	h.version = 2;
	test_file_header_seal(&h);
	return h;
}

void test_add_coded_chunk(struct test_bytes *trace, uint32_t stream,
			  const struct test_bytes *records, uint64_t from, uint64_t to,
			  unsigned codec, uint64_t tick)
{
	struct pmt_chunk_header h;
	size_t at = test_add_chunk(trace, stream, records, from, to, codec, tick);

	memcpy(&h, trace->bytes + at, sizeof(h));
	h.form = PMT_FORM_BLOCKS;
	h.header_crc = pmt_crc32c(0, &h, sizeof(h) - sizeof(h.header_crc));
	memcpy(trace->bytes + at, &h, sizeof(h));
}
