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

/*
 * A word that changes when the arena of block p (PMT_CHUNK_OTHER_ARENA) gives memory
 * back to the system, or NULL when no such word is known: then any free may do it.
 * It may be read until p is freed, and after that too: an arena's first heap stays.
 */
const volatile size_t *pmt_arena_held_bytes(const void *p);

/* Tells the above to give NULL always: heaps have another size (glibc.malloc.hugetlb). */
void pmt_arena_distrust(void);

#endif
