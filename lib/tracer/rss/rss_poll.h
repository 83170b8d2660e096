/*
 * May the resident set have changed since this thread last read it? Asked at every
 * event, so it is inline: four loads and three compares where perf counts the page
 * faults, and no system call anywhere.
 */
#ifndef PMT_TRACER_RSS_RSS_POLL_H
#define PMT_TRACER_RSS_RSS_POLL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "os/clock.h"
#include "rss/rss.h"
#include "thread.h"

/* Where libc keeps the end of the heap: it moves when the heap is trimmed, which no
 * wrapper sees. A word that never moves where libc does not tell. Written once, before
 * threads. */
extern PMT_HIDDEN const void *const volatile *pmt_rss_brk_word;

/* The trigger of EXACT and TRIGGER. */
PMT_INLINE bool pmt_rss_triggered(const struct pmt_thread *t)
{
	const struct pmt_rss *r = &t->rss;
	unsigned faulted = *r->fault_word != r->fault_seen;
	unsigned hinted = t->rss_hints != r->hints_seen;
	unsigned trimmed = *pmt_rss_brk_word != r->brk_seen;

	return faulted | hinted | trimmed; /* one branch for the three of them */
}

PMT_INLINE bool pmt_rss_moved(const struct pmt_thread *t)
{
	const struct pmt_rss *r = &t->rss;

	switch (r->method) {
	case PMT_RSS_EXACT:
	case PMT_RSS_TRIGGER:
		return pmt_rss_triggered(t);
	case PMT_RSS_CLOCK:
		return t->rss_hints != r->hints_seen ||
		       *pmt_rss_brk_word != r->brk_seen ||
		       pmt_clock_ticks() >= r->next_tick;
	case PMT_RSS_EACH:
		return true;
	default: /* off, or wiped by a fork: the fault word is gone with its page */
		return false;
	}
}

#endif
