/*
 * The resident set, exactly, for almost nothing: it can only grow by a page fault and
 * only shrink by a few calls we wrap, so /proc/self/statm (some 700 ns) is read only when
 * the thread's page-fault counter or its hints moved.
 */
#ifndef PMT_TRACER_RSS_RSS_H
#define PMT_TRACER_RSS_RSS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/payload.h"

struct pmt_thread;

/* One thread's view. Owner reads and writes. */
struct pmt_rss {
	uint32_t method; /* enum pmt_rss_method */
	/* The kernel moves the word at every page fault of this thread (perf's
	 * data_head); a word that never moves where perf is refused. */
	const volatile uint64_t *fault_word;
	uint64_t fault_seen;
	uint64_t hints_seen;
	const void *brk_seen;
	uint64_t next_tick; /* PMT_RSS_CLOCK: not again before */
	void *perf_page;    /* to unmap when the thread is reaped */
	/* Shared with those who read for all threads, see share.h: written while
	 * takes_part, by whoever holds share.c's lock, but for given_pages, which any
	 * thread adds to and the owner takes. */
	uint64_t fault_counted;
	uint64_t hints_counted;
	uint64_t fresh_faults;
	_Atomic uint64_t given_pages;
	_Atomic uint32_t takes_part;
	uint64_t hint_bytes_counted;
	uint64_t hint_pages; /* that its hints since then may still account for */
	uint32_t hint_state; /* enum pmt_share_hint */
};

/* Reads the resident set now and begins the process's accounting with it.
 * wanted: 0 for the best this machine allows, else an enum pmt_rss_method + 1. */
void pmt_rss_start(uint32_t wanted);

/* Chooses and sets up the method for the calling thread. */
void pmt_rss_open_self(struct pmt_thread *t);

/* Releases what open took; the thread is dead or it is the caller's own. False when it
 * must be tried again: another thread is just reading. What the thread's account was
 * given by others until now is in its sums then. */
bool pmt_rss_close(struct pmt_thread *t) PMT_MUST_CHECK;

/* In a child of fork: perf pages and accounting begin anew. */
void pmt_rss_after_fork(void);

/* The program's resident set when any thread last read it, in pages: without the memory
 * of the tracer's own (rss/own_memory.h). */
uint64_t pmt_rss_last_pages(void);

/* Brings t->sums.rss_pages up to date: reads statm, and charges the change since the last
 * reading of any thread to this one and to others by what each did meanwhile (share.h).
 */
void pmt_rss_read_self(struct pmt_thread *t);

/* The same at the end of the process, when no other thread will read any more: the whole
 * change, and what others were given and did not come for. */
void pmt_rss_read_last_self(struct pmt_thread *t);

/* What rss=each found: statm is read at every event, and beside it the best method is
 * asked whether it would have noticed. Changes that it missed, and the largest in pages;
 * other threads' changes count too, so it is exact with one thread only. */
struct pmt_rss_check {
	uint32_t method; /* enum pmt_rss_method that was checked */
	uint64_t read_count;
	uint64_t missed_count;
	uint64_t missed_pages_max;
};
void pmt_rss_check_read(struct pmt_rss_check *ret_check);

/* Reads rss in pages from statm; 0 when it cannot be read. Async-signal-safe. */
uint64_t pmt_rss_statm_pages(void);

#endif
