/*
 * One stream as a sequence of events: loads its chunks in the order of their positions,
 * drops what two of them share, turns what none of them has into gaps, and keeps time.
 */
#ifndef PMT_READER_STREAM_READER_H
#define PMT_READER_STREAM_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "reader/block_records.h"
#include "reader/chunk.h"
#include "reader/cursor.h"
#include "reader/trace.h"

struct pmt_stream_reader {
	struct pmt_trace *trace;
	struct pmt_buffer *stored; /* borrowed: shared by all readers of a cursor */
	struct pmt_tables *tables; /* may be NULL */
	void (*loaded)(void *context, uint64_t stored_bytes); /* may be NULL */
	void *loaded_context;

	bool begun;
	size_t first_chunk; /* in trace->order */
	size_t next_chunk;
	size_t end_chunk;
	uint64_t position; /* everything below was given, or lies in a gap */
	bool gap_due;      /* a chunk is loaded, but a gap comes before it */
	struct pmt_block_records blocks;

	const struct pmt_chunk *chunk; /* the one being read, or NULL */
	struct pmt_buffer raw;
	const uint8_t *at;
	const uint8_t *end;

	struct pmt_event event; /* the last one given */
};

/* stream: its place in trace->streams. */
void pmt_stream_reader_init(struct pmt_stream_reader *reader, struct pmt_trace *trace,
			    size_t stream, struct pmt_buffer *stored);
void pmt_stream_reader_close(struct pmt_stream_reader *reader);

/* Makes reader->event the next event; 0, -ENODATA at the end, -ENOMEM. */
int pmt_stream_reader_next(struct pmt_stream_reader *reader) PMT_MUST_CHECK;

/* The time of the first event of a reader that has not begun, and does not by this: for
 * the merge. Same values. */
int pmt_stream_reader_peek(const struct pmt_stream_reader *reader,
			   uint64_t *ret_tick) PMT_MUST_CHECK;

#endif
