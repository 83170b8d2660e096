/*
 * A cursor gives the events of one stream, or of all streams merged by time, one after
 * the other. It reads chunk by chunk, checks and decompresses each, drops what it has
 * already given, and says where bytes are missing.
 *
 * Memory: two buffers of one chunk for each stream that is being read at that moment.
 */
#ifndef PMT_READER_CURSOR_H
#define PMT_READER_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "format/payload_blocks.h"
#include "format/record.h"
#include "reader/trace.h"

enum pmt_event_kind {
	PMT_EVENT_RECORD = 0,
	/* Bytes of the stream are missing before the next record: the running calls are
	 * unknown, and the time too, until the stream's next checkpoint. */
	PMT_EVENT_GAP = 1,
};

/* What the payload of an ALLOC or FREE record says, decoded once. */
struct pmt_event_block {
	bool is_readable;
	union {
		struct pmt_block_alloc alloc;
		struct pmt_block_free release;
	};
};

struct pmt_event {
	uint8_t kind;       /* enum pmt_event_kind */
	bool tick_known;    /* false behind a gap: tick is a lower bound */
	uint32_t stream;    /* its number */
	uint64_t tick;      /* absolute, after the record's own ticks */
	uint64_t position;  /* of the record in the stream; of a gap: its first byte */
	uint64_t gap_bytes; /* GAP: how many are missing */
	uint64_t
	    address; /* ALLOC, FREE, FAULT: absolute; 0 when not known, after a gap */
	struct pmt_event_block block;
	const struct pmt_chunk *chunk; /* holds the record; NULL for a gap */
	struct pmt_record record;      /* RECORD; payload valid until the next call */
};

struct pmt_tables;
struct pmt_cursor;

/*
 * tables, when not NULL, collect every definition that the cursor passes; they must
 * outlive it. NULL: no memory, or no stream of that number.
 */
struct pmt_cursor *pmt_cursor_new(struct pmt_trace *trace, uint32_t stream,
				  struct pmt_tables *tables) PMT_MUST_CHECK;

/* All streams by absolute time; at the same tick by stream number. */
struct pmt_cursor *pmt_cursor_new_merged(struct pmt_trace *trace,
					 struct pmt_tables *tables) PMT_MUST_CHECK;
void pmt_cursor_free(struct pmt_cursor *cursor);

/* The next event, valid until the next call; NULL at the end, and when memory ran out
 * (pmt_cursor_error). Damage ends nothing: it becomes a gap and a problem of the trace.
 */
const struct pmt_event *pmt_cursor_next(struct pmt_cursor *cursor);

/* 0, or -ENOMEM when the cursor ended early. */
int pmt_cursor_error(const struct pmt_cursor *cursor);

#endif
