/*
 * Whether a thread counts alone. As long as one thread only of the process has ever
 * counted it needs no locked operations: plain loads and stores do, and cost a fifth.
 * The first that comes is the sole one; the second ends that, for good.
 *
 * How it ends: the second withdraws the first one's right, has the kernel order the
 * memory of all threads (membarrier), and waits until the first is in no section. One
 * that the first began before is seen then; one that it begins later finds the right
 * withdrawn, and takes the locked way. Where the kernel refuses, all is locked from the
 * beginning.
 *
 * A section is some instructions, without a wait, in the emitter's `busy`: no handler
 * begins one within. Whoever waits for a section that does not end gives up, as for a
 * lock of block_map.h. It all is in memory that a fork wipes: a child begins anew.
 */
#ifndef PMT_TRACER_LIVE_SOLE_H
#define PMT_TRACER_LIVE_SOLE_H

#include <stdbool.h>

#include "base/atomics.h"
#include "base/attr.h"

/* A thread's part, which stays mapped when the thread is gone, and may be the next
 * one's. All zero is a beginning. */
struct pmt_sole_thread {
	/* The right to count alone. The thread gives it to itself; who comes second
	 * withdraws it. */
	_Atomic uint32_t is_alone;
	/* In a section now. The thread; release when it leaves, for who comes second. */
	_Atomic uint32_t is_within;
};

/* Of a process. All zero: nobody came yet. */
struct pmt_sole {
	/* Whoever saw that the first is in no section, release: all that it did is there.
	 */
	_Atomic uint32_t is_shared;
	_Atomic uint32_t is_stuck; /* somebody gave up on the first; who waited writes */
	struct pmt_sole_thread *_Atomic first; /* once; who came first */
};

enum pmt_sole_way {
	PMT_SOLE_BUSY,   /* the first does not go on: nothing can be counted now */
	PMT_SOLE_ALONE,  /* nobody else is there until pmt_sole_leave_self */
	PMT_SOLE_SHARED, /* others may be */
};

/* At the begin of a process's run, before any thread counts. */
void pmt_sole_open(struct pmt_sole *sole);

/* Where nobody was yet, or the right is withdrawn just now. */
enum pmt_sole_way pmt_sole_enter_slow_self(struct pmt_sole *sole,
					   struct pmt_sole_thread *self);

/* The mark goes before the look at the right; who withdraws does it the other way round,
 * with the kernel's barrier between. */
PMT_INLINE bool pmt_sole_try_alone_self(struct pmt_sole_thread *self)
{
	atomic_store_explicit(&self->is_within, 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	if (PMT_LIKELY(pmt_load32_relaxed(&self->is_alone)))
		return true;
	pmt_store32_release(&self->is_within, 0);
	return false;
}

/* Begins what must not be torn; but for PMT_SOLE_BUSY pmt_sole_leave_self ends it.
 * Budget: two loads and two stores. */
PMT_INLINE enum pmt_sole_way pmt_sole_enter_self(struct pmt_sole *sole,
						 struct pmt_sole_thread *self)
{
	if (PMT_LIKELY(pmt_load32_relaxed(&self->is_alone)) &&
	    PMT_LIKELY(pmt_sole_try_alone_self(self)))
		return PMT_SOLE_ALONE;
	/* Acquire: partner of who found that the first is in no section. */
	if (PMT_LIKELY(pmt_load32_acquire(&sole->is_shared)))
		return PMT_SOLE_SHARED;
	return pmt_sole_enter_slow_self(sole, self);
}

PMT_INLINE void pmt_sole_leave_self(struct pmt_sole_thread *self, enum pmt_sole_way way)
{
	if (PMT_LIKELY(way == PMT_SOLE_ALONE))
		pmt_store32_release(&self->is_within, 0);
}

#endif
