/*
 * From a collection to bytes in the thread's ring; see collections.h. Called with the GIL
 * (python/gc_callback.c), some hundred times a second at most, so that each record has a
 * time of its own.
 */
#include "event/collections.h"

#include <errno.h>

#include "event/emit.h"
#include "event/hook_way.h"
#include "rss/rss_poll.h"
#include "run/run.h"

static void write(struct pmt_thread *t, uint64_t tick, const struct pmt_gc_event *event)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	const uint8_t *end = pmt_payload_put_gc(payload, event);
	struct pmt_emitter *e = &t->emitter;
	/* With a trigger what moved belongs to an event that waits. */
	const struct pmt_deltas *sums = t->points ? NULL : &t->sums;

	if (pmt_rss_moved(t))
		pmt_rss_read_self(t);
	if (!pmt_emit_settle(e, sums) ||
	    !pmt_emit_extended_at(e, tick, sums, PMT_EXT_GC, payload,
				  (size_t)(end - payload)))
		pmt_emit_lose(t, pmt_run->trace.error ? PMT_LOSS_NOT_WRITTEN
						      : PMT_LOSS_RING_FULL);
}

void pmt_collection_say_self(struct pmt_thread *t, uint64_t tick,
			     const struct pmt_gc_event *event)
{
	struct pmt_emitter *e = &t->emitter;
	int saved = errno;

	if (pmt_load32_relaxed(&pmt_hook_way) & (PMT_WAY_PAUSED | PMT_WAY_TREE))
		return;
	if (e->busy) { /* what names a thread or function may collect, on 3.11 and older
			*/
		if (pmt_run_is_on())
			pmt_area_count_loss(&pmt_run->area, PMT_LOSS_REENTERED, 1);
		return;
	}
	e->busy = 1;
	if (e->live ? pmt_run_is_on() : pmt_emitter_open_self(t))
		write(t, tick, event);
	e->busy = 0;
	errno = saved;
}
