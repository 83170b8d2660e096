/* Streams of blocks in short records, for tests: made with the memory of
 * format/block_coding.h from blocks whose addresses are given. */
#ifndef PMT_TESTS_SUPPORT_CODED_BLOCKS_H
#define PMT_TESTS_SUPPORT_CODED_BLOCKS_H

#include <stdint.h>

#include "format/block_coding.h"
#include "support/trace_writer.h"

/* Begins with zeros. */
struct test_coded {
	struct test_bytes bytes;
	struct pmt_block_coding coding;
	uint64_t last_address;
	uint64_t tick;
};

void test_coded_checkpoint(struct test_coded *c, uint64_t tick);

/* One record; the short form where the block fits it, unless is_long. */
void test_coded_alloc(struct test_coded *c, struct pmt_block_alloc alloc,
		      uint64_t address, uint64_t ticks, bool is_long);
void test_coded_free(struct test_coded *c, struct pmt_block_free release,
		     uint64_t address, uint64_t ticks, bool is_long);

/* A small story with each form of a record. */
void test_coded_story(struct test_coded *c);

/* A header of version 2, and a chunk of such records: [from, to) of the stream. */
struct pmt_file_header test_coded_header(void);
void test_add_coded_chunk(struct test_bytes *trace, uint32_t stream,
			  const struct test_bytes *records, uint64_t from, uint64_t to,
			  unsigned codec, uint64_t tick);

#endif
