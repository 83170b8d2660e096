/* The interpreter's own mark in the stack; see frame_anchor.h. In malloc, on the thread
 * itself. */
#include "stack/frame_anchor.h"

#include <stdbool.h>

#include "base/atomics.h"
#include "python/api.h"

/* So many frames inside of the one in the field it may stay: writing costs more. */
enum { INSIDE_MAX = 3 };

/* Any thread writes 1, all read, in no order: another's profiler was noticed. */
static _Atomic uint32_t is_anothers;

/* The child's one thread writes it, and takes it with its first question. */
static _Atomic uint32_t has_forked;

void pmt_frame_anchor_after_fork(void)
{
	pmt_store32_release(&has_forked, 1);
}

/* --- the field --- */

static const void *frame_in(const struct pmt_frame_layout *l, const void *state)
{
	return PMT_FRAME_FIELD(void *, state, l->tstate_anchor);
}

static uint64_t moves_in(const struct pmt_frame_layout *l, const void *state)
{
	return PMT_FRAME_FIELD(uint64_t, state, l->tstate_anchor_moves);
}

static bool is_shim(const struct pmt_frame_layout *l, const void *frame)
{
	return PMT_FRAME_FIELD(uint8_t, frame, l->frame_owner) >= PMT_OWNER_FIRST_HIDDEN;
}

/* --- what it says --- */

static void give_up(struct pmt_frame_anchor *a)
{
	a->is_anothers = 1;
	pmt_store32_release(&is_anothers, 1);
}

/*
 * A state that we did not look at last: its field is empty in one that is new, and holds
 * something of ours in a child, or where subinterpreters take turns on a thread; which of
 * these is known of the first only.
 */
static void begin(struct pmt_frame_anchor *a, const struct pmt_frame_layout *l,
		  const void *state)
{
	bool is_first = !a->state;
	const void *frame = frame_in(l, state);

	*a = (struct pmt_frame_anchor){
	    .state = state, .frame = frame, .moves = moves_in(l, state)};
	if (!frame || (is_first && pmt_load32_relaxed(&has_forked)))
		pmt_store32_release(&has_forked, 0);
	else if (is_first)
		give_up(a);
	else
		a->is_anothers = 1;
}

/*
 * The link of the chain whose frame the field holds, 0 where none is known. Whatever the
 * interpreter did to the field since is known: one frame outwards for one move. Anything
 * else was another's doing. A state that is made anew where an old one was counts from 0.
 */
static uint32_t find_place(struct pmt_frame_anchor *a, const struct pmt_frame_chain *c,
			   const struct pmt_frame_layout *l, const void *state)
{
	if (PMT_UNLIKELY(a->state != state || moves_in(l, state) < a->moves))
		begin(a, l, state);
	if (PMT_UNLIKELY(a->is_anothers))
		return 0;
	uint64_t moved = moves_in(l, state) - a->moves;
	const void *frame = frame_in(l, state);
	bool is_ours = frame == a->frame && !moved;

	if (moved && a->place)
		is_ours = moved <= a->place && frame == c->links[a->place - moved].frame;
	else if (moved) /* the frames since are not known, but nothing moves to nowhere */
		is_ours = frame && a->frame;
	if (PMT_UNLIKELY(!is_ours)) {
		give_up(a);
		return 0;
	}
	return a->place ? a->place - (uint32_t)moved : 0;
}

/* --- what we leave there --- */

/*
 * The link of the frame to leave in the field: the innermost, but none that C code
 * called: it would be followed by the shim between, which goes without a word. The first
 * one outside of that shim then; 0: there is none.
 */
static uint32_t choose_place(const struct pmt_frame_chain *c,
			     const struct pmt_frame_layout *l)
{
	uint32_t i = c->count;

	if (i > 1 && is_shim(l, c->links[i - 1].frame))
		i--;
	while (i && is_shim(l, c->links[i].frame))
		i--;
	return i;
}

/* Notes what the field holds, after leaving a frame there where that is better than the
 * one at `place`. */
static void leave_frame(struct pmt_frame_anchor *a, const struct pmt_frame_chain *c,
			const struct pmt_frame_layout *l, void *state, uint32_t place)
{
	uint64_t moves = moves_in(l, state);
	uint32_t chosen =
	    place && c->count - place <= INSIDE_MAX ? 0 : choose_place(c, l);
	const void *frame = frame_in(l, state);

	if (chosen && pmt_py.thread_state_unchecked() == state) {
		frame = c->links[chosen].frame;
		place = chosen;
		moves++;
		*(uint64_t *)((char *)state + l->tstate_anchor_moves) = moves;
		*(const void **)((char *)state + l->tstate_anchor) = frame;
	}
	a->frame = frame;
	a->moves = moves;
	a->place = place;
}

uint64_t pmt_frame_anchor_hash_self(struct pmt_frame_anchor *a, struct pmt_frame_chain *c,
				    const struct pmt_frame_layout *l, void *state,
				    const void *frame, uint64_t seed)
{
	uint64_t hash;

	if (PMT_UNLIKELY(pmt_load32_relaxed(&is_anothers)))
		return pmt_frame_chain_hash_self(c, l, frame, seed);
	uint32_t place = find_place(a, c, l, state);
	if (PMT_UNLIKELY(!place || c->hashes[0] != seed ||
			 !pmt_frame_chain_extend_self(c, l, frame, place, &hash))) {
		place = 0;
		hash = pmt_frame_chain_hash_self(c, l, frame, seed);
	}
	if (PMT_LIKELY(!a->is_anothers))
		leave_frame(a, c, l, state, place);
	return hash;
}
