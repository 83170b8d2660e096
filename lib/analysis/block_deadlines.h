/*
 * How long an operation on a block waits for others (block_order.h). A stream's times are
 * of its last look at the clock: an operation happened at its time or later, and before
 * the next time of its stream. When the merged streams have come there, all that happened
 * before it has been read, however late its machine was: its deadline.
 */
#ifndef PMT_ANALYSIS_BLOCK_DEADLINES_H
#define PMT_ANALYSIS_BLOCK_DEADLINES_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/stream_index.h"
#include "base/attr.h"

struct pmt_deadline {
	uint64_t number;
	uint64_t tick;
};

/* A stream, and what waits with its latest time: as many as it writes between two looks
 * at the clock. */
struct pmt_deadline_stream {
	uint64_t tick;
	uint64_t *numbers;
	uint32_t count;
	uint32_t capacity;
};

/* All zero but bound_ticks is an empty one that owns nothing. */
struct pmt_block_deadlines {
	uint64_t bound_ticks; /* what is added, as clocks of processors may differ */
	struct pmt_stream_index index;
	struct pmt_deadline_stream *streams;
	uint32_t stream_count;      /* of the index, those with room here */
	struct pmt_deadline *known; /* by their ticks */
	size_t first;
	size_t count;
	size_t capacity;
};

void pmt_block_deadlines_close(struct pmt_block_deadlines *deadlines);

/* The stream has come to tick: what of it waits since before has a deadline. 0 or
 * -ENOMEM. */
int pmt_block_deadlines_see(struct pmt_block_deadlines *deadlines, uint32_t stream,
			    uint64_t tick) PMT_MUST_CHECK;

/* The operation `number`, not 0, of the stream seen last waits. 0 or -ENOMEM. */
int pmt_block_deadlines_note(struct pmt_block_deadlines *deadlines, uint32_t stream,
			     uint64_t number) PMT_MUST_CHECK;

/* The next whose deadline is over, each once; 0: none. */
uint64_t pmt_block_deadlines_take(struct pmt_block_deadlines *deadlines,
				  uint64_t now_tick);

#endif
