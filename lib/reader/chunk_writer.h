/*
 * Writes trace files anew, for recovery: a header, chunks copied or made. The tracer has
 * a writer of its own (tracer/drain), which must not allocate or use stdio.
 */
#ifndef PMT_READER_CHUNK_WRITER_H
#define PMT_READER_CHUNK_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "reader/chunk.h"
#include "reader/trace.h"

struct pmt_chunk_writer {
	FILE *out;
	struct pmt_buffer stored;
	uint64_t bytes; /* written so far */
	uint8_t form;   /* enum pmt_form: of the chunks that add makes */
};

/* Write the trace's file header, its checksum made anew. All return 0, -ENOMEM or another
 * negative errno of the write. */
int pmt_chunk_writer_header(struct pmt_chunk_writer *writer,
			    const struct pmt_file_header *header) PMT_MUST_CHECK;

/* Copies a chunk of the trace file as it is stored; one whose checksum is wrong is left
 * out, which is no failure. */
int pmt_chunk_writer_copy(struct pmt_chunk_writer *writer, struct pmt_trace *trace,
			  const struct pmt_chunk *chunk) PMT_MUST_CHECK;

/* Writes raw bytes of a stream, whole records from position `from` on, as one chunk. */
int pmt_chunk_writer_add(struct pmt_chunk_writer *writer, uint32_t stream, uint64_t from,
			 const uint8_t *raw, size_t size, uint64_t tick) PMT_MUST_CHECK;

void pmt_chunk_writer_close(struct pmt_chunk_writer *writer);

#endif
