/*
 * Records for tests: streams made from known events, without the tracer. The encoding is
 * written down here a second time on purpose, field by field as doc/format.md has it.
 */
#ifndef PMT_TESTS_SUPPORT_RECORDS_H
#define PMT_TESTS_SUPPORT_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "format/payload.h"
#include "format/record.h"

/* A stream's bytes; begin with zeros. Aborts the test program when memory runs out. */
struct test_bytes {
	uint8_t *bytes;
	size_t size;
	size_t room;
};

void test_bytes_add(struct test_bytes *b, const void *bytes, size_t size);
void test_bytes_close(struct test_bytes *b);

/*
 * Appends a record as r describes it: op, ext, code_id, line, ticks, deltas, payload.
 * Flags are set for what is not zero. Returns the record's size.
 */
size_t test_put_record(struct test_bytes *b, const struct pmt_record *r);

/* Short forms. deltas may be NULL. */
size_t test_put_enter(struct test_bytes *b, unsigned op, uint32_t code_id, uint64_t ticks,
		      const struct pmt_deltas *deltas);
size_t test_put_leave(struct test_bytes *b, unsigned op, uint64_t ticks,
		      const struct pmt_deltas *deltas);
size_t test_put_ext(struct test_bytes *b, unsigned ext, uint64_t ticks,
		    const void *payload, size_t payload_bytes);

size_t test_put_checkpoint(struct test_bytes *b, uint64_t tick, uint64_t depth,
			   uint64_t event_count);
size_t test_put_thread(struct test_bytes *b, uint32_t os_tid, bool is_main,
		       const char *name);
size_t test_put_code(struct test_bytes *b, uint32_t id, const char *file, unsigned line,
		     const char *name);
size_t test_put_info(struct test_bytes *b, const char *key, const char *value);
size_t test_put_mark(struct test_bytes *b, unsigned ext, uint64_t ticks,
		     const char *text);
size_t test_put_loss(struct test_bytes *b, unsigned cause, uint64_t count,
		     uint64_t depth);
size_t test_put_end(struct test_bytes *b, unsigned how, int64_t status, uint64_t events);

/* Clocks that every test checkpoint tells: monotonic = tick * 10, realtime from 2026. */
enum { TEST_NS_PER_TICK = 10 };
#define TEST_REALTIME_ORIGIN_NS 1767225600000000000u

#endif
