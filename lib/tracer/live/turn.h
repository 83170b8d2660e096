/*
 * A thread's turn at the account of what is live: from where no handler that interrupts
 * it may begin one, to where it may again. What is due in the thread's stream comes
 * first, for the stacks are defined there.
 */
#ifndef PMT_TRACER_LIVE_TURN_H
#define PMT_TRACER_LIVE_TURN_H

#include "event/blocks.h"
#include "event/emit.h"
#include "event/hook_way.h"
#include "live/account.h"

/* What a handler finds that comes within: nothing may be moved across either. */
PMT_INLINE void pmt_turn_set_busy(struct pmt_emitter *e, uint32_t busy)
{
	atomic_signal_fence(memory_order_seq_cst);
	e->busy = busy;
	e->in_malloc = busy;
	atomic_signal_fence(memory_order_seq_cst);
}

/* What is allocated while tracing is paused is nobody's; frees are always followed. */
PMT_INLINE bool pmt_turn_is_paused(void)
{
	return pmt_load32_relaxed(&pmt_hook_way) & PMT_WAY_PAUSED;
}

/* Begins where nothing stands in the way; false: the next will know what does. */
PMT_INLINE bool pmt_turn_try_begin_self(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (PMT_UNLIKELY(e->busy || e->ring.head >= e->ring.limit))
		return false;
	pmt_turn_set_busy(e, 1);
	return true;
}

/* False: nothing is to be counted, or a loss was. */
PMT_INLINE bool pmt_turn_begin_self(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (e->busy) { /* a signal handler within */
		if (pmt_run_is_on())
			pmt_account_lose(PMT_LOSS_REENTERED);
		return false;
	}
	pmt_turn_set_busy(e, 1);
	/* Without room in its stream a thread's blocks are counted all the same. */
	if (e->ring.head < e->ring.limit ||
	    ((pmt_blocks_prepare_self(t) || e->live) && pmt_run_is_on()))
		return true;
	pmt_emit_drop(t, PMT_OP_EXTENDED);
	pmt_turn_set_busy(e, 0);
	return false;
}

PMT_INLINE void pmt_turn_end_self(struct pmt_thread *t)
{
	pmt_turn_set_busy(&t->emitter, 0);
}

#endif
