/*
 * realloc and reallocarray, as every library of the program calls them: a free of the old
 * block and an allocation of the new one, in place or not. errno as the real function
 * left it.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "interpose/alloc.h"
#include "interpose/bootstrap.h"
#include "interpose/note_block.h"
#include "interpose/trim_watch.h"

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
	struct pmt_trim_watch watch;
	void *moved;

	bool is_block = pmt_note_old(t, p, old_bytes, PMT_BLOCK_REALLOC);
	watch = pmt_trim_watch_begin(t, p);
	moved = pmt_real.realloc(p, size);
	pmt_trim_watch_end(t, &watch);
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
	struct pmt_trim_watch watch;
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
	watch = pmt_trim_watch_begin(t, p);
	moved = pmt_real.realloc(p, size);
	pmt_trim_watch_end(t, &watch);
	if (moved || size == 0)
		pmt_counters_freed_self(t, old_bytes);
	else if (PMT_UNLIKELY(was_sampled))
		pmt_sampling_keep_self(t, p, old_bytes, PMT_BLOCK_REALLOC);
	if (pmt_note_counts_only(t, size))
		pmt_note_counted(t, moved);
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
