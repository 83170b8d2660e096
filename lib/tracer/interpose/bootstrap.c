/* The pool of the first moments; see bootstrap.h. */
#include "interpose/bootstrap.h"

#include <stdalign.h>

#include "base/atomics.h"

/* In front of each block: its size. */
enum { HEADER_BYTES = sizeof(size_t), ALIGN_MIN = alignof(max_align_t) };

alignas(64) unsigned char pmt_bootstrap_pool[PMT_BOOTSTRAP_BYTES];

/* Bytes given out. Any thread adds by compare-and-swap. */
static _Atomic uint64_t used;

void *pmt_bootstrap_alloc(size_t size, size_t align)
{
	uint64_t from, at;

	if (align < ALIGN_MIN)
		align = ALIGN_MIN;
	if (size > PMT_BOOTSTRAP_BYTES || align > PMT_BOOTSTRAP_BYTES)
		return NULL;
	do {
		uintptr_t base = (uintptr_t)pmt_bootstrap_pool;

		from = pmt_load_relaxed(&used); /* relaxed: the swap below decides */
		at = base + from + HEADER_BYTES + align - 1;
		at -= at % align;
		at -= base;
		/* A block of no bytes still has an address in the pool. */
		if (at + (size ? size : 1) > PMT_BOOTSTRAP_BYTES)
			return NULL;
	} while (!pmt_cas(&used, from, at + (size ? size : 1)));
	*(size_t *)(pmt_bootstrap_pool + at - HEADER_BYTES) = size;
	return pmt_bootstrap_pool + at;
}

size_t pmt_bootstrap_size(const void *p)
{
	return *(const size_t *)((const unsigned char *)p - HEADER_BYTES);
}
