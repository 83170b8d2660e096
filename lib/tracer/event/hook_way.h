/*
 * What becomes of an interpreter event. The interpreter's hooks test one word: 0 is the
 * fast way, every event into the stream; anything else goes through a call.
 */
#ifndef PMT_TRACER_EVENT_HOOK_WAY_H
#define PMT_TRACER_EVENT_HOOK_WAY_H

#include <stdint.h>

#include "event/context.h"
#include "event/emit.h"

enum pmt_way {
	PMT_WAY_STREAM = 0,
	PMT_WAY_PAUSED = 1 << 0, /* nothing is written, depth is kept */
	PMT_WAY_POINTS = 1 << 1, /* min_rss, min_alloc: by points.h */
	PMT_WAY_TREE = 1 << 2,   /* summed per call path, also after POINTS: context.h */
};

/* Marks, the attachment and the run set bits; hooks read it, relaxed: a change takes
 * effect at each thread's next event. */
extern PMT_HIDDEN _Atomic uint32_t pmt_hook_way;

/* The slow ways. */
void pmt_hook_event_other(struct pmt_thread *t, uint32_t way, unsigned op,
			  uint64_t number);

/* The slow ways of a C function's event. */
void pmt_hook_c_event_other(struct pmt_thread *t, uint32_t way, enum pmt_ext type,
			    uint32_t id);

PMT_INLINE void pmt_hook_c_event(struct pmt_thread *t, enum pmt_ext type, uint32_t id)
{
	uint32_t way = pmt_load32_relaxed(&pmt_hook_way);

	if (PMT_LIKELY(way == PMT_WAY_STREAM))
		pmt_emit_c_event(t, type, id);
	else
		pmt_hook_c_event_other(t, way, type, id);
}

PMT_INLINE void pmt_hook_event(struct pmt_thread *t, unsigned op, uint64_t number)
{
	uint32_t way = pmt_load32_relaxed(&pmt_hook_way);

	if (PMT_LIKELY(way == PMT_WAY_STREAM))
		pmt_emit_event(t, op, number);
	else if (way == PMT_WAY_TREE && pmt_op_is_enter(op))
		pmt_context_entered(t, op, (uint32_t)number);
	else if (way == PMT_WAY_TREE && pmt_op_is_leave(op))
		pmt_context_left(t, op);
	else
		pmt_hook_event_other(t, way, op, number);
}

#endif
