/* Encodes records for tests; see records.h. */
#include "support/records.h"

#include <stdlib.h>
#include <string.h>

void test_bytes_add(struct test_bytes *b, const void *bytes, size_t size)
{
	if (size > b->room - b->size) {
		b->room = (b->size + size) * 2;
		b->bytes = realloc(b->bytes, b->room);
		if (!b->bytes)
			abort();
	}
	if (size)
		memcpy(b->bytes + b->size, bytes, size);
	b->size += size;
}

void test_bytes_close(struct test_bytes *b)
{
	free(b->bytes);
	*b = (struct test_bytes){NULL, 0, 0};
}

static void add_varint(struct test_bytes *b, uint64_t value)
{
	do {
		uint8_t byte = value & 0x7f;
		value >>= 7;
		if (value)
			byte |= 0x80;
		test_bytes_add(b, &byte, 1);
	} while (value);
}

static void add_signed(struct test_bytes *b, int64_t value)
{
	add_varint(b, value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1);
}

static uint8_t flags_of(const struct pmt_record *r)
{
	const struct pmt_deltas *d = &r->deltas;
	uint8_t flags = 0;

	if (r->ticks)
		flags |= 0x08;
	if (d->allocated_bytes || d->allocated_count || d->freed_bytes || d->freed_count)
		flags |= 0x10;
	if (d->object_bytes || d->object_count)
		flags |= 0x20;
	if (d->rss_pages)
		flags |= 0x40;
	if (d->mapped_bytes || d->file_mapped_bytes)
		flags |= 0x80;
	return flags;
}

static void add_deltas(struct test_bytes *b, const struct pmt_deltas *d, uint8_t flags)
{
	if (flags & 0x10) {
		add_varint(b, d->allocated_bytes);
		add_varint(b, d->allocated_count);
		add_varint(b, d->freed_bytes);
		add_varint(b, d->freed_count);
	}
	if (flags & 0x20) {
		add_varint(b, d->object_bytes);
		add_varint(b, d->object_count);
	}
	if (flags & 0x40)
		add_signed(b, d->rss_pages);
	if (flags & 0x80) {
		add_signed(b, d->mapped_bytes);
		add_signed(b, d->file_mapped_bytes);
	}
}

size_t test_put_record(struct test_bytes *b, const struct pmt_record *r)
{
	size_t before = b->size;
	uint8_t flags = flags_of(r);
	uint8_t head = r->op | flags;

	test_bytes_add(b, &head, 1);
	if (r->op == PMT_OP_START || r->op == PMT_OP_RESUME || r->op == PMT_OP_THROW)
		add_varint(b, r->code_id);
	if (r->op == PMT_OP_LINE)
		add_varint(b, r->line);
	if (r->op == PMT_OP_EXTENDED)
		test_bytes_add(b, &r->ext, 1);
	if (flags & 0x08)
		add_varint(b, r->ticks);
	add_deltas(b, &r->deltas, flags);
	if (r->op == PMT_OP_EXTENDED) {
		add_varint(b, r->payload_bytes);
		test_bytes_add(b, r->payload, r->payload_bytes);
	}
	return b->size - before;
}

size_t test_put_enter(struct test_bytes *b, unsigned op, uint32_t code_id, uint64_t ticks,
		      const struct pmt_deltas *deltas)
{
	struct pmt_record r = {.op = (uint8_t)op, .code_id = code_id, .ticks = ticks};

	if (deltas)
		r.deltas = *deltas;
	return test_put_record(b, &r);
}

size_t test_put_leave(struct test_bytes *b, unsigned op, uint64_t ticks,
		      const struct pmt_deltas *deltas)
{
	return test_put_enter(b, op, 0, ticks, deltas);
}

size_t test_put_ext(struct test_bytes *b, unsigned ext, uint64_t ticks,
		    const void *payload, size_t payload_bytes)
{
	struct pmt_record r = {
	    .op = PMT_OP_EXTENDED,
	    .ext = (uint8_t)ext,
	    .ticks = ticks,
	    .payload = payload,
	    .payload_bytes = payload_bytes,
	};

	return test_put_record(b, &r);
}

static size_t put_payload(struct test_bytes *b, unsigned ext, uint64_t ticks,
			  struct test_bytes *payload)
{
	size_t size = test_put_ext(b, ext, ticks, payload->bytes, payload->size);

	test_bytes_close(payload);
	return size;
}

static void add_text(struct test_bytes *b, const char *text)
{
	add_varint(b, strlen(text));
	test_bytes_add(b, text, strlen(text));
}

size_t test_put_checkpoint(struct test_bytes *b, uint64_t tick, uint64_t depth,
			   uint64_t event_count)
{
	struct test_bytes p = {NULL, 0, 0};

	add_varint(&p, tick);
	add_varint(&p, tick * TEST_NS_PER_TICK);
	add_varint(&p, TEST_REALTIME_ORIGIN_NS + tick * TEST_NS_PER_TICK);
	add_varint(&p, depth);
	add_varint(&p, event_count);
	for (int sum = 0; sum < 9; sum++)
		add_varint(&p, 0);
	return put_payload(b, PMT_EXT_CHECKPOINT, 0, &p);
}

size_t test_put_thread(struct test_bytes *b, uint32_t os_tid, bool is_main,
		       const char *name)
{
	struct test_bytes p = {NULL, 0, 0};

	add_varint(&p, os_tid);
	add_varint(&p, PMT_RSS_EXACT);
	add_varint(&p, is_main);
	add_text(&p, name);
	return put_payload(b, PMT_EXT_THREAD, 0, &p);
}

size_t test_put_code(struct test_bytes *b, uint32_t id, const char *file, unsigned line,
		     const char *name)
{
	struct test_bytes p = {NULL, 0, 0};

	add_varint(&p, id);
	add_varint(&p, line);
	add_varint(&p, PMT_CODE_PYTHON);
	add_varint(&p, PMT_LINES_NONE);
	add_varint(&p, 0);
	add_text(&p, file);
	add_text(&p, name);
	return put_payload(b, PMT_EXT_CODE, 0, &p);
}

size_t test_put_info(struct test_bytes *b, const char *key, const char *value)
{
	struct test_bytes p = {NULL, 0, 0};

	add_text(&p, key);
	add_text(&p, value);
	return put_payload(b, PMT_EXT_INFO, 0, &p);
}

size_t test_put_mark(struct test_bytes *b, unsigned ext, uint64_t ticks, const char *text)
{
	struct test_bytes p = {NULL, 0, 0};

	add_text(&p, text);
	return put_payload(b, ext, ticks, &p);
}

size_t test_put_loss(struct test_bytes *b, unsigned cause, uint64_t count, uint64_t depth)
{
	struct test_bytes p = {NULL, 0, 0};

	add_varint(&p, cause);
	add_varint(&p, count);
	add_varint(&p, depth);
	return put_payload(b, PMT_EXT_LOSS, 0, &p);
}

size_t test_put_end(struct test_bytes *b, unsigned how, int64_t status, uint64_t events)
{
	struct test_bytes p = {NULL, 0, 0};

	add_varint(&p, how);
	add_signed(&p, status);
	add_varint(&p, events);
	return put_payload(b, PMT_EXT_END, 0, &p);
}
