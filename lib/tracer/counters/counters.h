/*
 * Adding to a thread's sums. On the thread that owns them, in any wrapper, in signal
 * handlers too. Budget: two adds to one cache line, no branch, no atomic.
 */
#ifndef PMT_TRACER_COUNTERS_COUNTERS_H
#define PMT_TRACER_COUNTERS_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "thread.h"

PMT_INLINE void pmt_counters_allocated_self(struct pmt_thread *t, size_t usable_bytes)
{
	t->sums.allocated_bytes += usable_bytes;
	t->sums.allocated_count++;
}

/* Before the real free: no other thread can then be seen to own the block first. */
PMT_INLINE void pmt_counters_freed_self(struct pmt_thread *t, size_t usable_bytes)
{
	t->sums.freed_bytes += usable_bytes;
	t->sums.freed_count++;
}

/* The resident set may have changed without a page fault of this thread. */
PMT_INLINE void pmt_counters_rss_hint_self(struct pmt_thread *t)
{
	t->rss_hints++;
}

#endif
