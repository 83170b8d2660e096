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
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counters/counters.h"
#include "event/blocks.h"
#include "event/domain_call.h"
#include "interpose/bootstrap.h"
#include "interpose/glibc_heap.h"
#include "interpose/real.h"
#include "python/walk_check.h"
#include "sample/sampling.h"
#include "thread.h"

/* From here on glibc may mmap a block by itself, unless it was told otherwise. */
enum { LARGE_BYTES = 128 << 10 };

/* --- getting memory --- */

static PMT_NOINLINE void count_new_slow(struct pmt_thread *t, void *p)
{
	pmt_counters_allocated_self(t, pmt_real_bound()->malloc_usable_size(p));
}

/* Of glibc's malloc, where is_fast: no block that is drawn. */
PMT_INLINE void count_new(struct pmt_thread *t, void *p)
{
	if (PMT_UNLIKELY(!p))
		return;
	size_t word = pmt_chunk_word(p);
	if (PMT_UNLIKELY(word & PMT_CHUNK_MMAPPED))
		count_new_slow(t, p);
	else
		pmt_counters_allocated_self(t, pmt_chunk_usable(word));
}

/* Whether a block of size bytes is only to be counted. */
PMT_INLINE bool is_fast(const struct pmt_thread *t, size_t size)
{
	return PMT_LIKELY(pmt_glibc_fast && t != NULL && !pmt_sampling_is_near(t, size));
}

PMT_INLINE size_t usable_of(void *p)
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
PMT_INLINE void note_new(struct pmt_thread *t, void *p, size_t requested_bytes,
			 enum pmt_block_kind kind)
{
	size_t usable_bytes = usable_of(p);

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

void pmt_alloc_note_new_self(void *p, size_t requested_bytes, enum pmt_block_kind kind)
{
	struct pmt_thread *t = pmt_thread_self();

	if (t && p)
		note_new(t, p, requested_bytes, kind);
}

/* Of a block that is about to go: whether it is one of its own. */
static PMT_NOINLINE bool is_own_in_call(struct pmt_thread *t, const void *p,
					size_t usable_bytes)
{
	if (pmt_domain_call_is_old(&t->domain_call, p, usable_bytes))
		return false;
	if (t->domain_call.waiting_count)
		pmt_domain_call_gives_self(t, p);
	return true;
}

/* Records that a block is about to go; false where it is no block of its own. */
PMT_INLINE bool note_old(struct pmt_thread *t, const void *p, size_t usable_bytes,
			 enum pmt_block_kind kind)
{
	if (PMT_UNLIKELY(t->domain_call.is_on) && !is_own_in_call(t, p, usable_bytes))
		return false;
	pmt_blocks_freed_self(t, p, 0, kind);
	return true;
}

/* Blocks are recorded, another allocator's malloc, a thread's first call, or perhaps a
 * block that is drawn. */
static PMT_NOINLINE void *malloc_slow(size_t size)
{
	void *p = pmt_real.malloc(size);
	struct pmt_thread *t = pmt_thread_self();

	if (PMT_LIKELY(t && p))
		note_new(t, p, size, PMT_BLOCK_MALLOC);
	return p;
}

PMT_EXPORT void *malloc(size_t size)
{
	struct pmt_thread *t = pmt_self;
	void *p;

	if (!is_fast(t, size))
		return malloc_slow(size);
	p = pmt_real.malloc(size);
	count_new(t, p);
	return p;
}

PMT_EXPORT void *calloc(size_t count, size_t size)
{
	struct pmt_thread *t = pmt_self;
	void *p = pmt_real.calloc(count, size);

	if (is_fast(t, count * size))
		count_new(t, p);
	else if (PMT_LIKELY(t && p))
		note_new(t, p, count * size, PMT_BLOCK_MALLOC);
	else
		pmt_alloc_note_new_self(p, count * size, PMT_BLOCK_MALLOC);
	return p;
}

/* --- giving it back --- */

/* How to tell that a free gave memory back to the system. */
struct trim_watch {
	const volatile size_t *held_bytes; /* NULL: nothing to compare */
	size_t before;
	bool surely;
};

static struct trim_watch begin_trim_watch(struct pmt_thread *t, const void *p)
{
	struct trim_watch watch = {.held_bytes = NULL};
	size_t word;

	/* Other allocators call madvise and munmap by name. But behind a library that
	 * only wraps malloc it may be glibc's, which does not, and mmaps large blocks. */
	if (!pmt_heap_is_glibc) {
		word = pmt_real.malloc_usable_size((void *)p);
		watch.surely = word >= LARGE_BYTES;
		if (watch.surely)
			pmt_counters_rss_hint_begin_self(t, word);
		return watch;
	}
	word = pmt_chunk_word(p);
	if (word & PMT_CHUNK_MMAPPED) {
		watch.surely = true;
	} else if (word & PMT_CHUNK_OTHER_ARENA) {
		watch.held_bytes = pmt_arena_held_bytes(p);
		watch.surely = !watch.held_bytes;
		if (watch.held_bytes)
			watch.before = *watch.held_bytes;
	}
	if (watch.surely)
		pmt_counters_rss_hint_begin_self(t, pmt_chunk_usable(word));
	return watch;
}

static void end_trim_watch(struct pmt_thread *t, const struct trim_watch *watch)
{
	if (watch->surely)
		pmt_counters_rss_hint_end_self(t);
	else if (watch->held_bytes && *watch->held_bytes != watch->before)
		pmt_counters_rss_hint_self(t);
}

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
	struct trim_watch watch;
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
		note_old(t, p, usable_bytes, PMT_BLOCK_MALLOC);
	else
		pmt_sampling_freed_self(t, p, PMT_BLOCK_MALLOC);
	watch = begin_trim_watch(t, p);
	pmt_real.free(p);
	end_trim_watch(t, &watch);
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
	note_old(t, p, pmt_chunk_usable(word), PMT_BLOCK_MALLOC);
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

/* --- changing it --- */

/* A block of the pool moves to the real heap, for the pool never takes back. */
static void *move_from_pool(const void *p, size_t size)
{
	size_t old_size = pmt_bootstrap_size(p);
	void *moved = size ? pmt_real.malloc(size) : NULL;

	pmt_alloc_note_new_self(moved, size, PMT_BLOCK_MALLOC);
	if (moved)
		memcpy(moved, p, old_size < size ? old_size : size);
	return moved;
}

/* Where blocks are recorded the free is so before the real realloc, when no other thread
 * can yet be given the address; if that fails the old block is there still, and recorded
 * anew. */
static PMT_NOINLINE void *realloc_recorded(struct pmt_thread *t, void *p, size_t size)
{
	size_t old_bytes = pmt_alloc_usable(p);
	struct trim_watch watch;
	void *moved;

	bool is_block = note_old(t, p, old_bytes, PMT_BLOCK_REALLOC);
	watch = begin_trim_watch(t, p);
	moved = pmt_real.realloc(p, size);
	end_trim_watch(t, &watch);
	if (moved || size == 0)
		pmt_counters_freed_self(t, old_bytes);
	else if (is_block)
		pmt_blocks_allocated_self(t, p, old_bytes, old_bytes, PMT_BLOCK_REALLOC);
	pmt_alloc_note_new_self(moved, size, PMT_BLOCK_REALLOC);
	return moved;
}

/* A free of the old block and an allocation of the new one, in place or not. When it
 * fails the old block stays and nothing is counted; with size 0 NULL is no failure. */
static void *resize(void *p, size_t size)
{
	struct pmt_thread *t = pmt_thread_self();
	struct trim_watch watch;
	size_t old_bytes;
	bool was_sampled;
	void *moved;

	if (PMT_UNLIKELY(pmt_bootstrap_owns(p)))
		return move_from_pool(p, size);
	if (!t)
		return pmt_real.realloc(p, size);
	if (!p) {
		moved = pmt_real.realloc(NULL, size);
		pmt_alloc_note_new_self(moved, size, PMT_BLOCK_REALLOC);
		return moved;
	}
	if (PMT_UNLIKELY(!pmt_glibc_fast) && pmt_blocks_on)
		return realloc_recorded(t, p, size);
	old_bytes = pmt_alloc_usable(p);
	was_sampled = pmt_sampling_freed_self(t, p, PMT_BLOCK_REALLOC);
	watch = begin_trim_watch(t, p);
	moved = pmt_real.realloc(p, size);
	end_trim_watch(t, &watch);
	if (moved || size == 0)
		pmt_counters_freed_self(t, old_bytes);
	else if (PMT_UNLIKELY(was_sampled))
		pmt_sampling_keep_self(t, p, old_bytes, PMT_BLOCK_REALLOC);
	if (is_fast(t, size))
		count_new(t, moved);
	else
		pmt_alloc_note_new_self(moved, size, PMT_BLOCK_REALLOC);
	return moved;
}

PMT_EXPORT void *realloc(void *p, size_t size)
{
	return resize(p, size);
}

/* All that a libc's does, and none of its own: glibc's calls realloc by name, which is
 * ours, mimalloc's does not, and a library between us and them hides which it is. */
PMT_EXPORT void *reallocarray(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (!__builtin_mul_overflow(count, size, &bytes))
		return resize(p, bytes);
	errno = ENOMEM;
	return NULL;
}

/* --- asking --- */

size_t pmt_alloc_usable(void *p)
{
	return usable_of(p);
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
