/*
 * The Python frames a thread stood on when it was last asked, kept to find out cheaply on
 * which it stands now: its outer frames are mostly the same ones at the same places, and
 * loads of known addresses need not wait for one another, as those of a walk do.
 *
 * Owning thread only. What is kept of a frame that is gone is never followed: a frame is
 * read only after one inside it, or the thread itself, has pointed at it.
 *
 * Budget: a walk costs 2 ns a frame, this 0.7 where the outer frames stand.
 */
#ifndef PMT_TRACER_STACK_FRAME_CHAIN_H
#define PMT_TRACER_STACK_FRAME_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "python/frame_walk.h"

enum { PMT_CHAIN_FRAMES_MAX = 2048 /* deeper stacks are walked */ };

struct pmt_chain_link {
	const void *frame;
	uint64_t position; /* where it stands, by pmt_frame_position */
};

struct pmt_frame_chain {
	uint32_t count; /* of frames kept, outermost first, from link 1 on */
	struct pmt_chain_link links[PMT_CHAIN_FRAMES_MAX + 1]; /* link 0: none */
	/* hashes[i]: of the frames up to i; hashes[0]: the seed they were made with */
	uint64_t hashes[PMT_CHAIN_FRAMES_MAX + 1];
};

/*
 * A number for the stack from `frame` outwards, which may be NULL: equal stacks have
 * equal ones, different ones differ but for one case in 2^64. Where a code object died
 * its address may come to mean another function: another seed tells the times before and
 * after apart, and is not 0. A chain begins as zeros.
 */
uint64_t pmt_frame_chain_hash_self(struct pmt_frame_chain *chain,
				   const struct pmt_frame_layout *layout,
				   const void *frame, uint64_t seed);

/*
 * The same where the frames outside of that of link `place`, of one in the chain, are
 * known to stand where they did, for the seed of the last question: only those inside of
 * it are read. False, with nothing changed, when the frame of that link is not met, is
 * one of the interpreter's own, or has another caller than the chain says.
 */
bool pmt_frame_chain_extend_self(struct pmt_frame_chain *chain,
				 const struct pmt_frame_layout *layout, const void *frame,
				 uint32_t place, uint64_t *ret_hash);

#endif
