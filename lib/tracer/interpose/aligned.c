/*
 * The aligned half of the malloc family. Rarer than malloc: budget one call more. A
 * block cut out of a larger one returns the rest, which may trim another arena's heap:
 * hence the hint.
 */
#include "config.h"

#include <malloc.h>
#include <stdlib.h>

#include "counters/counters.h"
#include "interpose/alloc.h"
#include "interpose/glibc_heap.h"
#include "interpose/real.h"
#include "thread.h"

static void *count_aligned(void *p, size_t size)
{
	struct pmt_thread *t = pmt_thread_self();

	if (!t || !p)
		return p;
	pmt_alloc_note_new_self(p, size, PMT_BLOCK_ALIGNED);
	if (pmt_heap_is_glibc && pmt_chunk_word(p) & PMT_CHUNK_OTHER_ARENA)
		pmt_counters_rss_hint_self(t);
	return p;
}

PMT_EXPORT int posix_memalign(void **ret_block, size_t align, size_t size)
{
	int err = pmt_real_bound()->posix_memalign(ret_block, align, size);

	if (err == 0)
		count_aligned(*ret_block, size);
	return err;
}

PMT_EXPORT void *aligned_alloc(size_t align, size_t size)
{
	return count_aligned(pmt_real_bound()->aligned_alloc(align, size), size);
}

PMT_EXPORT void *memalign(size_t align, size_t size)
{
	return count_aligned(pmt_real_bound()->memalign(align, size), size);
}

PMT_EXPORT void *valloc(size_t size)
{
	return count_aligned(pmt_real_bound()->valloc(size), size);
}

PMT_EXPORT void *pvalloc(size_t size)
{
	return count_aligned(pmt_real_bound()->pvalloc(size), size);
}
