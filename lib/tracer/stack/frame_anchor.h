/*
 * Which outer frames stand where they did, said by the interpreter: CPython 3.15 has a
 * field for profilers in each thread's state (last_profiled_frame) that names a frame.
 * When that very frame is left, and then only, the field goes on to the frame outside of
 * it and a counter beside it goes up. We leave an inner frame there at an allocation; at
 * the next the frames outside of the one found there are those that were, at the places
 * that were, however many they are.
 *
 * The field is made for a profiler in another process (python -m profiling.sampling).
 * What is there and does not come from us stays, and then we use it no more in this
 * process. Each frame that we leave there raises the counter too, so that a profiler
 * never takes one for its own: it keeps the pair.
 *
 * Only the owning thread asks and writes; it writes only while the state is its current
 * one, so that nobody frees it meanwhile. Greenlets change the frames under the state: a
 * frame that is not met on the way out says nothing, and the whole stack is compared.
 *
 * Budget: flat in depth, 3 ns more than the frames inside of the one found.
 */
#ifndef PMT_TRACER_STACK_FRAME_ANCHOR_H
#define PMT_TRACER_STACK_FRAME_ANCHOR_H

#include <stdint.h>

#include "stack/frame_chain.h"

/* A thread's memory for it; all zero is a beginning. */
struct pmt_frame_anchor {
	const void *state;    /* of the thread, that the rest is about */
	const void *frame;    /* what the field held when we looked last */
	uint64_t moves;       /* the counter then */
	uint32_t place;       /* the frame's link in the chain; 0: it may have none */
	uint32_t is_anothers; /* the state's field was not empty when we came */
};

/* pmt_frame_chain_hash_self's number for the stack from `frame` outwards, not NULL, the
 * top one of the thread's `state`. The layout has the field. */
uint64_t pmt_frame_anchor_hash_self(struct pmt_frame_anchor *anchor,
				    struct pmt_frame_chain *chain,
				    const struct pmt_frame_layout *layout, void *state,
				    const void *frame, uint64_t seed);

/* In the child of a fork: the one thread's field still holds what its parent left. */
void pmt_frame_anchor_after_fork(void);

#endif
