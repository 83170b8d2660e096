/*
 * The rows of what is live: one for each place that asks for memory, in the shared memory
 * of the rings (format/live_layout.h). They are never given back, since blocks outlive
 * their thread; when there are as many as there may be, row 0 takes what comes.
 *
 * Numbers go on in a forked child where its parent's ended: a number below the first of
 * this process is a row of the parent's, which is not here.
 */
#ifndef PMT_TRACER_LIVE_ROWS_H
#define PMT_TRACER_LIVE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/live_layout.h"
#include "format/payload_blocks.h"
#include "live/sole.h"

struct pmt_area;
struct pmt_thread;

enum {
	PMT_LIVE_BLOCKS_MAX = 512,
	PMT_LIVE_ROWS_BYTES_MAX = 32 << 20,
	PMT_LIVE_ROW_BITS = 20, /* of a number */
	/* Of each a thread has an index of its own. */
	PMT_LIVE_KINDS = 5,
};

/* In struct pmt_run, so that a fork wipes it. */
struct pmt_live_rows {
	/* Whoever made room, release. */
	struct pmt_live_block *_Atomic blocks[PMT_LIVE_BLOCKS_MAX];
	struct pmt_live_sums *sums; /* NULL: there are no rows */
	uint32_t first;             /* the number of row 0 of this process */
	uint32_t rows_a_block;      /* a power of two: */
	uint32_t block_bits;        /* its logarithm, as a division takes long */
	uint32_t most;
	_Atomic uint32_t count; /* given; any thread adds */
	struct pmt_sole sole;   /* of the threads that count in them */
};

/* From a stack id to the number of its row, for each kind. Owner only; the reaper. */
struct pmt_live_index {
	uint32_t *numbers; /* 0: none yet */
	uint32_t capacity;
};

/* A thread's part. All zero, wiped by a fork too, is nothing yet. */
struct pmt_live_thread {
	uint64_t last; /* the address allocated last; 0: none, or freed */
	struct pmt_sole_thread sole;
	struct pmt_live_index index[PMT_LIVE_KINDS];
};

/* At the begin of a process's run. False: no memory, nothing can be counted. */
bool pmt_live_rows_open(struct pmt_live_rows *rows, struct pmt_area *area);

/* Of a stack that has no row yet: makes it. */
uint32_t pmt_live_row_number_slow_self(struct pmt_thread *t, uint32_t stack_id,
				       uint8_t kind, bool *ret_full);

/* Which of a thread's indices has a kind. */
PMT_INLINE unsigned pmt_live_index_of(uint8_t kind)
{
	return kind < PMT_BLOCK_MMAP ? 0 : kind - PMT_BLOCK_MMAP + 1u;
}

/* The number of the thread's row for this stack and kind, made at its first use; of row 0
 * without room, which *ret_full says. live is the calling thread's, t's.
 * Budget: an array look-up. */
PMT_INLINE uint32_t pmt_live_row_number_self(struct pmt_thread *t,
					     const struct pmt_live_thread *live,
					     uint32_t stack_id, uint8_t kind,
					     bool *ret_full)
{
	const struct pmt_live_index *index = &live->index[pmt_live_index_of(kind)];

	if (PMT_LIKELY(stack_id < index->capacity && index->numbers[stack_id]))
		return index->numbers[stack_id];
	return pmt_live_row_number_slow_self(t, stack_id, kind, ret_full);
}

/* A row of this process: of its number less the first. Its block must be there. */
PMT_INLINE struct pmt_live_row *pmt_live_row_own(const struct pmt_live_rows *rows,
						 uint32_t i)
{
	uint32_t number = i >> rows->block_bits;
	/* Relaxed: the number came with an acquire, or is the thread's own. */
	char *block = (char *)atomic_load_explicit(
	    (struct pmt_live_block * _Atomic *)&rows->blocks[number],
	    memory_order_relaxed);
	return (struct pmt_live_row *)(void *)(block + PMT_RING_CONTROL_BYTES) +
	       (i & (rows->rows_a_block - 1));
}

/* The row; NULL: it is an ancestor's. */
PMT_INLINE struct pmt_live_row *pmt_live_row_at(const struct pmt_live_rows *rows,
						uint32_t number)
{
	if (PMT_UNLIKELY(number < rows->first))
		return NULL;
	return pmt_live_row_own(rows, number - rows->first);
}

/* The reaper, for a thread that is gone. */
void pmt_live_thread_free(struct pmt_live_thread *thread);

#endif
