/*
 * mode=allocs with sample=: of all bytes that the program allocates some are drawn, each
 * with the same chance, and only the blocks that hold one are recorded, with their
 * stacks; of frees only theirs. What a block of s bytes stands for the reader knows: it
 * was drawn with the probability 1 - exp(-s / mean).
 *
 * In the wrappers, on the thread that allocates or frees. Budget of a pair that is not
 * recorded: beside the counting two loads and a compare in malloc, two loads in free.
 */
#ifndef PMT_TRACER_SAMPLE_SAMPLING_H
#define PMT_TRACER_SAMPLE_SAMPLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/payload_blocks.h"
#include "thread.h"

enum {
	PMT_SAMPLING_FILTER = 1 << 16, /* places, a byte each */
	PMT_SAMPLING_MAPPINGS = 1 << 14,
	/* What malloc may give more than it is asked for: of mmapped blocks up to a page.
	 */
	PMT_SAMPLING_SLACK_BYTES = 8192,
};

/* How many recorded blocks have their place here, 255: many. Any thread writes, atomic;
 * a free reads it plainly: whoever gave it the block has seen the write. */
extern PMT_HIDDEN uint8_t pmt_sampling_filter[PMT_SAMPLING_FILTER];

/* What of a place counts: 0, one place for all, before sampling began. Written as
 * pmt_glibc_fast. */
extern PMT_HIDDEN uint32_t pmt_sampling_mask;

/* Nonzero from the beginning of sampling. */
extern PMT_HIDDEN uint64_t pmt_sampling_mean;

/* From the attachment; mean_bytes is not 0. The table of recorded blocks that are live
 * grows up to table_bytes. */
void pmt_sampling_start(uint64_t mean_bytes, uint64_t table_bytes);

/* Draws anew, after the thread's sums were set back. */
PMT_INLINE void pmt_sampling_restart_self(struct pmt_thread *t)
{
	t->sample_at = 0;
}

/* In a child of fork, on its only thread. */
void pmt_sampling_after_fork(void);

/* The next three are the slow halves of the wrappers below. */
void pmt_sampling_reached_self(struct pmt_thread *t, void *p, size_t requested_bytes,
			       size_t usable_bytes, enum pmt_block_kind kind);
bool pmt_sampling_take_self(struct pmt_thread *t, const void *p,
			    enum pmt_block_kind kind);

/* p is a new block, counted in the thread's sums already. */
PMT_INLINE void pmt_sampling_allocated_self(struct pmt_thread *t, void *p,
					    size_t requested_bytes, size_t usable_bytes,
					    enum pmt_block_kind kind)
{
	if (PMT_UNLIKELY(t->sums.allocated_bytes >= t->sample_at))
		pmt_sampling_reached_self(t, p, requested_bytes, usable_bytes, kind);
}

/* Before it is allocated: whether a block of size bytes may come to the next drawn byte.
 * Where not, nothing but the count is left to do. Budget: two loads, two adds, a compare.
 */
PMT_INLINE bool pmt_sampling_is_near(const struct pmt_thread *t, size_t size)
{
	return t->sums.allocated_bytes + size + PMT_SAMPLING_SLACK_BYTES >= t->sample_at;
}

/* Blocks near each other have places near each other: a program that goes through its
 * memory finds the filter's lines in the cache. */
PMT_INLINE uint32_t pmt_sampling_place(const void *p)
{
	return (uint32_t)((uintptr_t)p >> 4) & pmt_sampling_mask;
}

/* False for nearly all blocks that were not drawn. */
PMT_INLINE bool pmt_sampling_may_hold(const void *p)
{
	return pmt_sampling_filter[pmt_sampling_place(p)] != 0;
}

/* p is about to be given back. True: it was a recorded one, and its free is recorded. */
PMT_INLINE bool pmt_sampling_freed_self(struct pmt_thread *t, const void *p,
					enum pmt_block_kind kind)
{
	if (PMT_LIKELY(!pmt_sampling_may_hold(p)))
		return false;
	return pmt_sampling_take_self(t, p, kind);
}

/* Its free was recorded, and it is there still: a realloc that failed. */
void pmt_sampling_keep_self(struct pmt_thread *t, void *p, size_t usable_bytes,
			    enum pmt_block_kind kind);

/* A new mapping; map_bytes are whole pages. */
void pmt_sampling_mapped_self(struct pmt_thread *t, const void *at,
			      size_t requested_bytes, size_t map_bytes,
			      enum pmt_block_kind kind);

/* Before the real call. True: a recorded mapping lay there, and its free is recorded. */
bool pmt_sampling_unmapped_self(struct pmt_thread *t, const void *at, size_t map_bytes);

/* And the call failed. */
void pmt_sampling_keep_mapped_self(struct pmt_thread *t, const void *at, size_t map_bytes,
				   enum pmt_block_kind kind);

#endif
