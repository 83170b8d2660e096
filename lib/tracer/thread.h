/*
 * What the tracer knows of one thread of the program: its counters, its view of the
 * resident set and its emitter. Kept in mapped memory that outlives the thread, because
 * destructors still allocate after it, and that a fork wipes, because a child must not
 * write into its parent's ring.
 */
#ifndef PMT_TRACER_THREAD_H
#define PMT_TRACER_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "event/context_tree.h"
#include "event/domain_call.h"
#include "event/emitter.h"
#include "format/record.h"
#include "live/rows.h"
#include "python/state_word.h"
#include "rss/rss.h"

enum { PMT_THREADS_MAX = 8192 };

/* The C stack, as far as it is known; see python/stack_guard.h. Owner only. */
struct pmt_stack {
	uintptr_t reach; /* complement of the lowest address of our share; 0: not known */
	uintptr_t low;
	uintptr_t high;
};

struct pmt_block_coding;
struct pmt_points;

struct pmt_thread {
	/* With sample=: the value of sums.allocated_bytes at which the next byte is
	 * drawn; 0: to be drawn. Owner only, but for the beginning (sample/sampling.c).
	 */
	uint64_t sample_at;
	/*
	 * Sums since the thread began, never reset. Owning thread writes (a plain add: a
	 * signal handler that allocates in between is counted too, or at worst once not);
	 * the sampler reads them without ordering for its estimate of the heap.
	 */
	struct pmt_deltas sums;
	/* Grows with each call that may change the resident set without a page fault of
	 * this thread: munmap, a free of an mmapped chunk, a large read... Odd while in
	 * such a call. Owner writes; readers of the resident set look at it
	 * (rss/share.h). */
	uint64_t rss_hints;
	/* Grows by the bytes that such calls may give back or fill, as far as known. The
	 * same writer and readers. */
	uint64_t rss_hint_bytes;
	struct pmt_rss rss;
	struct pmt_emitter emitter;
	struct pmt_context_tree tree;
	struct pmt_stack stack;
	/* Mapped with the emitter where min_rss or min_alloc ask for it. Owner; reaper.
	 */
	struct pmt_points *points;
	struct pmt_live_thread live; /* detail=live */
	uint64_t sample_state;       /* of its chance; 0: not begun. Owner only */
	struct pmt_stacks *stacks; /* calling contexts (stack/stack_ids.h); NULL: none */
	/* Found with the stacks. NULL: the interpreter is asked. Owner only */
	pmt_state_word *state_word;
	struct pmt_domain_call domain_call;
	struct pmt_block_coding *coding; /* format/block_coding.h; NULL: none */
	uint64_t collection_began;       /* gc=1: its tick; 0: none runs. Owner only */
	/* tid of the owner, 0 when the entry is free. Owner writes; the reaper frees. */
	_Atomic uint32_t os_tid;
};

/*
 * The calling thread's entry, NULL before its first call to us. After a fork it points
 * at zeros: the child counts on at once and finds emitter.live false at its first event.
 */
extern PMT_HIDDEN PMT_TLS struct pmt_thread *pmt_self;

/* Nonzero from the moment this process is known to run Python; before, and in any other
 * program, the wrappers pass through. Written once, before threads. */
extern PMT_HIDDEN uint32_t pmt_counting;

/* Takes an entry for the calling thread and sets pmt_self. No lock, no malloc, errno
 * kept. NULL when the table is full or memory is refused; the caller goes on untraced. */
struct pmt_thread *pmt_thread_new_self(void);

/* The calling thread's entry or NULL. Budget: one TLS load, one branch. */
PMT_INLINE struct pmt_thread *pmt_thread_self(void)
{
	struct pmt_thread *t = pmt_self;

	if (PMT_LIKELY(t != NULL))
		return t;
	return pmt_counting ? pmt_thread_new_self() : NULL;
}

/*
 * Around what the tracer does for itself on a thread of the program: what is allocated
 * and freed within is no event, and end gives the thread the sums that begin returned.
 * They nest. t: NULL is fine. A resident set read within is lost too, unless it is put
 * into those sums.
 */
PMT_INLINE struct pmt_deltas pmt_thread_begin_ours(struct pmt_thread *t)
{
	if (!t)
		return (struct pmt_deltas){0};
	t->emitter.ours++;
	return t->sums;
}

PMT_INLINE void pmt_thread_end_ours(struct pmt_thread *t, const struct pmt_deltas *before)
{
	if (!t)
		return;
	t->sums = *before;
	t->emitter.ours--;
}

/* Entry i of the table, or NULL behind the last. Entry 0 belongs to no thread (os_tid is
 * always 0) and holds the sums of those whose entries were given back, so that totals
 * over the table never fall. */
struct pmt_thread *pmt_thread_at(uint32_t i);

/* Gives the entry back, cleared: its sums move to entry 0. The caller is the reaper (one
 * at a time) and has closed what the entry held. */
void pmt_thread_free(struct pmt_thread *t);

/* In a child of fork, on the thread that forked: owns its entry again, and lets others
 * have those of its parent's threads. What was counted since the fork stays. */
void pmt_thread_after_fork(void);

#endif
