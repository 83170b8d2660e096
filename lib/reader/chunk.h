/*
 * One chunk's bytes: read from the trace or the ring's copy, checked, decompressed.
 */
#ifndef PMT_READER_CHUNK_H
#define PMT_READER_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "reader/trace.h"

/* A buffer that only grows; begin with zeros. */
struct pmt_buffer {
	uint8_t *bytes;
	size_t size;
};

int pmt_buffer_reserve(struct pmt_buffer *buffer, size_t size) PMT_MUST_CHECK;
void pmt_buffer_free(struct pmt_buffer *buffer);

/*
 * Reads a chunk: its readable raw bytes, [from, readable_to), come to lie in raw.
 * stored is room for the compressed bytes. Returns 0; -ENOMEM; -EBADMSG when it is
 * damaged: then this is among the trace's problems and the chunk's readable_to is from.
 */
int pmt_chunk_load(struct pmt_trace *trace, const struct pmt_chunk *chunk,
		   struct pmt_buffer *stored, struct pmt_buffer *raw) PMT_MUST_CHECK;

/* Reads the bytes as they are stored, and checks them. Same values. */
int pmt_chunk_read_stored(struct pmt_trace *trace, const struct pmt_chunk *chunk,
			  struct pmt_buffer *stored) PMT_MUST_CHECK;

/* Checks the stored bytes against their checksum and nothing else. Same values. */
int pmt_chunk_check(struct pmt_trace *trace, const struct pmt_chunk *chunk);

/* A record of the chunk could not be decoded at this stream position: what follows in
 * the chunk is lost. Adds a problem, once. */
void pmt_chunk_mark_undecodable(struct pmt_trace *trace, const struct pmt_chunk *chunk,
				uint64_t position);

#endif
