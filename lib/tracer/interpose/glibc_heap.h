/*
 * What glibc's malloc keeps beside a block: its size with three flags in the word before
 * it, and for blocks of other threads' arenas how much the arena holds. Reading them
 * costs 1.5 ns a malloc and free pair, where malloc_usable_size costs 4 and the arena
 * has no function at all.
 *
 * Every assumption is checked in the running process before it is used (glibc_heap.c);
 * with another malloc, or where a check fails, callers fall back.
 */
#ifndef PMT_TRACER_INTERPOSE_GLIBC_HEAP_H
#define PMT_TRACER_INTERPOSE_GLIBC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	PMT_CHUNK_MMAPPED = 2,     /* its own mapping: a free unmaps it */
	PMT_CHUNK_OTHER_ARENA = 4, /* not in the heap that ends at brk */
	PMT_CHUNK_FLAGS = 7,
};

/* Nonzero once pmt_glibc_heap_check was content. Written before threads. */
extern PMT_HIDDEN uint32_t pmt_heap_is_glibc;

/* The same while blocks are only counted: what the wrappers' fast paths test. Blocks that
 * are recorded one by one (event/blocks.h) go the slow path. Written as the above, and at
 * the attachment. */
extern PMT_HIDDEN uint32_t pmt_glibc_fast;

/* The word before a block of glibc's. */
PMT_INLINE size_t pmt_chunk_word(const void *p)
{
	return ((const size_t *)p)[-1];
}

/* Usable bytes of a block that is not mmapped: the chunk without its own size word; the
 * next chunk's first word is the block's last. */
PMT_INLINE size_t pmt_chunk_usable(size_t word)
{
	return (word & ~(size_t)PMT_CHUNK_FLAGS) - sizeof(size_t);
}

typedef size_t pmt_usable_size_fn(void *p);

/* Compares the header with malloc_usable_size on the blocks given (not mmapped); when
 * all agree, the header is read from now on. Returns whether it is. */
bool pmt_glibc_heap_check(void *const *blocks, size_t count,
			  pmt_usable_size_fn *usable_size);

/* glibc 2.10-2.42 on 64 bits: HEAP_MAX_SIZE, twice the largest mmap threshold; heaps of
 * other arenas are aligned to it. Only glibc.malloc.hugetlb makes it smaller. */
enum { PMT_HEAP_BYTES_MAX = 64 << 20 };

/* The head of a heap of another arena (malloc/arena.c, unchanged since 2.10). */
struct pmt_heap_head {
	void *arena;
	struct pmt_heap_head *prev;
	size_t size;
};

/* Where an arena's state has the word below; 0: not known yet, 1: never to be. Any thread
 * finds it, once for all; relaxed, as it stands for nothing else. */
extern PMT_HIDDEN uint32_t pmt_arena_word_off;

/* The slow beginning: learns the offset from block p's arena. */
const volatile size_t *pmt_arena_find_held_bytes(const void *p);

/*
 * A word that changes when the arena of block p (PMT_CHUNK_OTHER_ARENA) gives memory
 * back to the system, or NULL when no such word is known: then any free may do it. It
 * may be read until p is freed, and after that too: an arena's first heap stays.
 */
PMT_INLINE const volatile size_t *pmt_arena_held_bytes(const void *p)
{
	uint32_t off = __atomic_load_n(&pmt_arena_word_off, __ATOMIC_RELAXED);
	uintptr_t heap = (uintptr_t)p & -(uintptr_t)PMT_HEAP_BYTES_MAX;

	if (PMT_UNLIKELY(off <= 1))
		return pmt_arena_find_held_bytes(p);
	return (const volatile size_t
		    *)((const char *)((const struct pmt_heap_head *)heap)->arena + off);
}

/* Tells the above to give NULL always: heaps have another size (glibc.malloc.hugetlb). */
void pmt_arena_distrust(void);

#endif
