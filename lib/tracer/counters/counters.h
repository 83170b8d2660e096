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

/* Relaxed: others look at it, but nothing else comes with it. */
PMT_INLINE void pmt_counters_add_hints_self(struct pmt_thread *t, uint64_t count)
{
	__atomic_store_n(&t->rss_hints, t->rss_hints + count, __ATOMIC_RELAXED);
}

/* The resident set may have changed without a page fault of this thread. */
PMT_INLINE void pmt_counters_rss_hint_self(struct pmt_thread *t)
{
	pmt_counters_add_hints_self(t, 2);
}

/* The same around a call that does it to as many bytes: an odd count says that it is at
 * it, so that a thread that reads meanwhile knows whose change it finds. */
PMT_INLINE void pmt_counters_rss_hint_begin_self(struct pmt_thread *t, uint64_t bytes)
{
	__atomic_store_n(&t->rss_hint_bytes, t->rss_hint_bytes + bytes, __ATOMIC_RELAXED);
	pmt_counters_add_hints_self(t, 1);
}

PMT_INLINE void pmt_counters_rss_hint_end_self(struct pmt_thread *t)
{
	pmt_counters_add_hints_self(t, 1);
}

#endif
