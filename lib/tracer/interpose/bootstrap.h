/*
 * A few KiB of memory for the time before the real malloc is known: looking it up may
 * itself allocate (dlsym's error buffer in glibc before 2.34), and other libraries'
 * constructors run before ours. Blocks are never reused; all the family knows them.
 */
#ifndef PMT_TRACER_INTERPOSE_BOOTSTRAP_H
#define PMT_TRACER_INTERPOSE_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { PMT_BOOTSTRAP_BYTES = 32 << 10 };

extern PMT_HIDDEN unsigned char pmt_bootstrap_pool[PMT_BOOTSTRAP_BYTES];

/* Asked at every free. Budget: a subtraction and a compare, no load. */
PMT_INLINE bool pmt_bootstrap_owns(const void *p)
{
	return (uintptr_t)p - (uintptr_t)pmt_bootstrap_pool < PMT_BOOTSTRAP_BYTES;
}

/* Zeroed memory aligned to `align`, a power of two; NULL when the pool is used up. Any
 * thread, signal-safe; errno is the caller's business. */
void *pmt_bootstrap_alloc(size_t size, size_t align);

/* What a block of the pool was asked for. */
size_t pmt_bootstrap_size(const void *p);

#endif
