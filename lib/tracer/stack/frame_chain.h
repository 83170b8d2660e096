/*
 * The Python frames a thread stood on when it was last asked, kept to find out cheaply on
 * which it stands now: its outer frames are mostly the same ones at the same places, and
 * loads of known addresses need not wait for one another, as those of a walk do.
 *
 * Owning thread only. What is kept of a frame that is gone is never followed: a frame is
 * read only after one inside it, or the thread itself, has pointed at it.
 *
 * Budget: a walk costs 2 ns a frame, this 0.4 where the outer frames stand: four loads.
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

/* Whether a frame stands where it did, within the one it did. */
PMT_INLINE bool pmt_chain_link_stands(const struct pmt_chain_link *link,
				      const struct pmt_frame_layout *l, bool has_address)
{
	const void *frame = link->frame;

	return pmt_frame_position_by(l, frame, has_address) == link->position &&
	       PMT_FRAME_FIELD(void *, frame, l->frame_previous) == link[-1].frame;
}

/*
 * Whether the `at` outermost frames are the ones that are kept, and stand where they did;
 * the innermost of them has been pointed at. Inwards to outwards: a frame is not read
 * before another has pointed at it.
 */
PMT_INLINE bool pmt_frame_chain_stands_by(const struct pmt_frame_chain *c,
					  const struct pmt_frame_layout *l, uint32_t at,
					  bool has_address)
{
	const struct pmt_chain_link *link = &c->links[at];

	for (; at >= 4; at -= 4, link -= 4)
		if (PMT_UNLIKELY(!pmt_chain_link_stands(link, l, has_address) ||
				 !pmt_chain_link_stands(link - 1, l, has_address) ||
				 !pmt_chain_link_stands(link - 2, l, has_address) ||
				 !pmt_chain_link_stands(link - 3, l, has_address)))
			return false;
	for (; at; at--, link--)
		if (PMT_UNLIKELY(!pmt_chain_link_stands(link, l, has_address)))
			return false;
	return true;
}

/* Whether the frames outwards of the kept one `at`, which has been pointed at, do. */
PMT_INLINE bool pmt_frame_chain_outer_stand(const struct pmt_frame_chain *c,
					    const struct pmt_frame_layout *l, uint32_t at)
{
	const struct pmt_chain_link *link = &c->links[at];

	if (PMT_UNLIKELY(PMT_FRAME_FIELD(void *, link->frame, l->frame_previous) !=
			 link[-1].frame))
		return false;
	return PMT_LIKELY(pmt_frame_has_address(l))
		   ? pmt_frame_chain_stands_by(c, l, at - 1, true)
		   : pmt_frame_chain_stands_by(c, l, at - 1, false);
}

/* The same number where the stack's frames are those of the last question, and all but
 * the innermost stand where they did; false where they do not. */
PMT_INLINE bool pmt_frame_chain_hash_again_self(struct pmt_frame_chain *c,
						const struct pmt_frame_layout *l,
						const void *frame, uint64_t seed,
						uint64_t *ret_hash)
{
	uint32_t count = c->count;
	struct pmt_chain_link *top = &c->links[count];

	if (top->frame != frame || PMT_UNLIKELY(c->hashes[0] != seed) ||
	    !pmt_frame_chain_outer_stand(c, l, count))
		return false;
	uint64_t position = pmt_frame_position(l, frame);
	if (top->position != position) {
		top->position = position;
		c->hashes[count] = pmt_frame_mix(c->hashes[count - 1], position);
	}
	*ret_hash = c->hashes[count];
	return true;
}

#endif
