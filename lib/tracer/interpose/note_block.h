/*
 * A block that the real allocator has given, or is about to take back: counted, and
 * recorded where blocks are. Inline, as malloc and free come here.
 */
#ifndef PMT_TRACER_INTERPOSE_NOTE_BLOCK_H
#define PMT_TRACER_INTERPOSE_NOTE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "counters/counters.h"
#include "event/blocks.h"
#include "event/domain_call.h"
#include "interpose/glibc_heap.h"
#include "interpose/real.h"
#include "python/walk_check.h"
#include "sample/sampling.h"
#include "thread.h"

/* Counts a block that has a mapping of its own. */
void pmt_note_mapped(struct pmt_thread *t, void *p);

/* Of glibc's malloc, where pmt_note_counts_only: no block that is drawn. */
PMT_INLINE void pmt_note_counted(struct pmt_thread *t, void *p)
{
	if (PMT_UNLIKELY(!p))
		return;
	size_t word = pmt_chunk_word(p);
	if (PMT_UNLIKELY(word & PMT_CHUNK_MMAPPED))
		pmt_note_mapped(t, p);
	else
		pmt_counters_allocated_self(t, pmt_chunk_usable(word));
}

/* Whether a block of size bytes is only to be counted. */
PMT_INLINE bool pmt_note_counts_only(const struct pmt_thread *t, size_t size)
{
	return PMT_LIKELY(pmt_glibc_fast && t != NULL && !pmt_sampling_is_near(t, size));
}

PMT_INLINE size_t pmt_usable_of(void *p)
{
	size_t word;

	if (PMT_LIKELY(pmt_heap_is_glibc)) {
		word = pmt_chunk_word(p);
		if (PMT_LIKELY(!(word & PMT_CHUNK_MMAPPED)))
			return pmt_chunk_usable(word);
	}
	return pmt_real_bound()->malloc_usable_size(p);
}

/* Counts and records a block. */
PMT_INLINE void pmt_note_new(struct pmt_thread *t, void *p, size_t requested_bytes,
			     enum pmt_block_kind kind)
{
	size_t usable_bytes = pmt_usable_of(p);

	pmt_counters_allocated_self(t, usable_bytes);
	if (PMT_LIKELY(pmt_blocks_on && !t->domain_call.is_on))
		pmt_blocks_allocated_self(t, p, requested_bytes, usable_bytes, kind);
	else if (pmt_blocks_on)
		pmt_domain_call_got_self(t, &(struct pmt_waiting_block){
						p, requested_bytes, usable_bytes, kind});
	else if (PMT_UNLIKELY(t->emitter.ours))
		pmt_walk_check_note(requested_bytes);
	else
		pmt_sampling_allocated_self(t, p, requested_bytes, usable_bytes, kind);
}

/* Of a block that is about to go: whether it is one of its own. */
bool pmt_note_is_own_in_call(struct pmt_thread *t, const void *p, size_t usable_bytes);

/* Records that a block is about to go; false where it is no block of its own. */
PMT_INLINE bool pmt_note_old(struct pmt_thread *t, const void *p, size_t usable_bytes,
			     enum pmt_block_kind kind)
{
	if (PMT_UNLIKELY(t->domain_call.is_on) &&
	    !pmt_note_is_own_in_call(t, p, usable_bytes))
		return false;
	pmt_blocks_freed_self(t, p, 0, kind);
	return true;
}

#endif
