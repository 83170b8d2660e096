/*
 * Traces and rings for tests, made from streams of known bytes (records.h) without the
 * tracer: any chunking, any damage, any state of a killed process.
 */
#ifndef PMT_TESTS_SUPPORT_TRACE_WRITER_H
#define PMT_TESTS_SUPPORT_TRACE_WRITER_H

#include <stdint.h>

#include "format/format.h"
#include "format/ring_layout.h"
#include "support/records.h"

/* A whole header of a process that does not exist, with its checksum. */
struct pmt_file_header test_file_header(void);

/* Sets the checksum anew after a test changed fields. */
void test_file_header_seal(struct pmt_file_header *h);

/* Append to a trace that is being built in memory. */
void test_add_header(struct test_bytes *trace, const struct pmt_file_header *h);
/* One chunk of stream bytes [from, to) of stream; tick is the chunk's. Returns the
 * chunk's offset in the trace. */
size_t test_add_chunk(struct test_bytes *trace, uint32_t stream,
		      const struct test_bytes *records, uint64_t from, uint64_t to,
		      unsigned codec, uint64_t tick);
/* The same for bytes that hold only this piece of the stream, from position `from` on. */
size_t test_add_chunk_at(struct test_bytes *trace, uint32_t stream,
			 const struct test_bytes *piece, uint64_t from, unsigned codec,
			 uint64_t tick);
/* All of it in one chunk. */
size_t test_add_stream(struct test_bytes *trace, uint32_t stream,
		       const struct test_bytes *records, unsigned codec);

/* One slot of a ring: records from tail to head of a stream whose bytes are given from
 * position 0. */
struct test_slot {
	uint32_t state; /* enum pmt_slot_state */
	uint32_t stream;
	uint64_t tail;
	uint64_t head;
	const struct test_bytes *records; /* position p is records->bytes[p - base] */
	uint64_t base;
};

/* A ring file in memory. data_bytes: a power of two. */
void test_add_ring(struct test_bytes *ring, const struct pmt_file_header *h,
		   const char *trace_path, uint32_t data_bytes,
		   const struct test_slot *slots, uint32_t count, uint32_t closed);

/* Writes bytes to a file of a fresh temporary folder; returns its path, which
 * test_folder_remove and the exit of the test program take away again. */
const char *test_folder(void);
const char *test_write_file(const char *name, const struct test_bytes *b);
void test_folder_remove(void);

#endif
