/*
 * malloc, free and their kin, as every library of the program calls them. Comes in: the
 * calling thread, anywhere. Goes out: the real function's result, untouched, and the
 * usable bytes added to the thread's sums.
 *
 * Budget of a malloc and free pair: 4 ns over the plain one. One load of the thread's
 * entry, no lock, no system call, errno as the real function left it.
 */
#include "interpose/alloc.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "counters/counters.h"
#include "interpose/bootstrap.h"
#include "interpose/glibc_heap.h"
#include "interpose/note_block.h"
#include "interpose/real.h"
#include "interpose/trim_watch.h"
#include "sample/sampling.h"
#include "thread.h"

/* --- the rare sides of note_block.h --- */

void pmt_note_mapped(struct pmt_thread *t, void *p)
{
	pmt_counters_allocated_self(t, pmt_real_bound()->malloc_usable_size(p));
}

bool pmt_note_is_own_in_call(struct pmt_thread *t, const void *p, size_t usable_bytes)
{
	if (pmt_domain_call_is_old(&t->domain_call, p, usable_bytes))
		return false;
	if (t->domain_call.waiting_count)
		pmt_domain_call_gives_self(t, p);
	return true;
}

/* --- getting memory --- */

void pmt_alloc_note_new_self(void *p, size_t requested_bytes, enum pmt_block_kind kind)
{
	struct pmt_thread *t = pmt_thread_self();

	if (t && p)
		pmt_note_new(t, p, requested_bytes, kind);
}

/* Blocks are recorded, another allocator's malloc, a thread's first call, or perhaps a
 * block that is drawn. */
static PMT_NOINLINE void *malloc_slow(size_t size)
{
	void *p = pmt_real.malloc(size);
	struct pmt_thread *t = pmt_thread_self();

	if (PMT_LIKELY(t && p))
		pmt_note_new(t, p, size, PMT_BLOCK_MALLOC);
	return p;
}

PMT_EXPORT void *malloc(size_t size)
{
	struct pmt_thread *t = pmt_self;
	void *p;

	if (!pmt_note_counts_only(t, size))
		return malloc_slow(size);
	p = pmt_real.malloc(size);
	pmt_note_counted(t, p);
	return p;
}

PMT_EXPORT void *calloc(size_t count, size_t size)
{
	struct pmt_thread *t = pmt_self;
	void *p = pmt_real.calloc(count, size);

	if (pmt_note_counts_only(t, count * size))
		pmt_note_counted(t, p);
	else if (PMT_LIKELY(t && p))
		pmt_note_new(t, p, count * size, PMT_BLOCK_MALLOC);
	else
		pmt_alloc_note_new_self(p, count * size, PMT_BLOCK_MALLOC);
	return p;
}

/* --- giving it back --- */

/* What threads other than the first do all the time: two loads and a compare more. */
static PMT_NOINLINE void free_in_other_arena(struct pmt_thread *t, void *p)
{
	const volatile size_t *held_bytes = pmt_arena_held_bytes(p);
	size_t before = held_bytes ? *held_bytes : 0;

	pmt_real.free(p);
	if (PMT_UNLIKELY(!held_bytes || *held_bytes != before))
		pmt_counters_rss_hint_self(t);
}

/* Another allocator's block, an mmapped one or the first call. */
static PMT_NOINLINE void free_other(void *p)
{
	struct pmt_thread *t = p ? pmt_thread_self() : NULL;
	struct pmt_trim_watch watch;
	size_t usable_bytes;

	if (pmt_bootstrap_owns(p))
		return;
	if (!t) {
		pmt_real.free(p);
		return;
	}
	usable_bytes = pmt_alloc_usable(p);
	pmt_counters_freed_self(t, usable_bytes);
	if (pmt_blocks_on)
		pmt_note_old(t, p, usable_bytes, PMT_BLOCK_MALLOC);
	else
		pmt_sampling_freed_self(t, p, PMT_BLOCK_MALLOC);
	watch = pmt_trim_watch_begin(t, p);
	pmt_real.free(p);
	pmt_trim_watch_end(t, &watch);
}

/* The same where blocks are recorded: mostly a block of glibc's own heap all the same. */
static PMT_NOINLINE void free_slow(void *p)
{
	struct pmt_thread *t = pmt_self;
	size_t word;

	if (PMT_UNLIKELY(!t || !p || !pmt_blocks_on || !pmt_heap_is_glibc ||
			 pmt_bootstrap_owns(p))) {
		free_other(p);
		return;
	}
	word = pmt_chunk_word(p);
	if (PMT_UNLIKELY(word & PMT_CHUNK_MMAPPED)) {
		free_other(p);
		return;
	}
	pmt_counters_freed_self(t, pmt_chunk_usable(word));
	pmt_note_old(t, p, pmt_chunk_usable(word), PMT_BLOCK_MALLOC);
	if (pmt_chunk_word(p) & PMT_CHUNK_OTHER_ARENA)
		free_in_other_arena(t, p);
	else
		pmt_real.free(p);
}

/* Perhaps a block that was drawn. */
static PMT_NOINLINE void free_sampled(struct pmt_thread *t, void *p)
{
	pmt_sampling_freed_self(t, p, PMT_BLOCK_MALLOC);
	pmt_counters_freed_self(t, pmt_chunk_usable(pmt_chunk_word(p)));
	if (pmt_chunk_word(p) & PMT_CHUNK_OTHER_ARENA)
		free_in_other_arena(t, p);
	else
		pmt_real.free(p);
}

PMT_INLINE void free_block(void *p)
{
	struct pmt_thread *t = pmt_self;
	size_t word;

	if (PMT_UNLIKELY(!t || !p || !pmt_glibc_fast || pmt_bootstrap_owns(p))) {
		free_slow(p);
		return;
	}
	word = pmt_chunk_word(p);
	if (PMT_UNLIKELY(word & PMT_CHUNK_MMAPPED)) {
		free_slow(p);
		return;
	}
	if (PMT_UNLIKELY(pmt_sampling_may_hold(p))) {
		free_sampled(t, p);
		return;
	}
	pmt_counters_freed_self(t, pmt_chunk_usable(word));
	if (word & PMT_CHUNK_OTHER_ARENA)
		free_in_other_arena(t, p);
	else
		pmt_real.free(p);
}

PMT_EXPORT void free(void *p)
{
	free_block(p);
}

/* Gone from glibc 2.26, but old programs still call it. */
PMT_EXPORT void cfree(void *p)
{
	free_block(p);
}

/* C23; where libc lacks them no program calls them. The sizes are only hints. */
PMT_EXPORT void free_sized(void *p, size_t size)
{
	(void)size;
	free_block(p);
}

PMT_EXPORT void free_aligned_sized(void *p, size_t align, size_t size)
{
	(void)align;
	(void)size;
	free_block(p);
}

/* --- asking --- */

size_t pmt_alloc_usable(void *p)
{
	return pmt_usable_of(p);
}

PMT_EXPORT size_t malloc_usable_size(void *p)
{
	if (PMT_UNLIKELY(pmt_bootstrap_owns(p)))
		return pmt_bootstrap_size(p);
	return pmt_real_bound()->malloc_usable_size(p);
}

PMT_EXPORT int malloc_trim(size_t keep)
{
	struct pmt_thread *t = pmt_thread_self();

	if (t)
		pmt_counters_rss_hint_begin_self(t, 0);
	int trimmed = pmt_real_bound()->malloc_trim(keep);
	if (t)
		pmt_counters_rss_hint_end_self(t);
	return trimmed;
}
