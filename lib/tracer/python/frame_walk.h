/*
 * The Python frames of the calling thread, read straight from the interpreter's memory:
 * inside malloc, with or without the GIL, without calling Python. They are this thread's
 * own, so nobody changes them meanwhile; the interpreter never allocates between linking
 * a frame and filling it in (checked on 3.8 to 3.15 over hundreds of millions of frames).
 *
 * Budget: 2 ns a frame, one call for the thread's state.
 */
#ifndef PMT_TRACER_PYTHON_FRAME_WALK_H
#define PMT_TRACER_PYTHON_FRAME_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "python/api.h"
#include "python/frame_layout.h"
#include "python/state_word.h"

/* Deeper stacks are cut: their innermost frames are what is seen. */
enum { PMT_FRAMES_MAX = 16384 };

struct pmt_frame_place {
	uint64_t code;   /* address of the code object */
	uint32_t offset; /* bytes into its bytecode: f_lasti in bytes */
};

struct pmt_frames {
	struct pmt_frame_layout layout; /* minor 0: unknown, there are no stacks */
	uint32_t has_subinterpreters;
};

/* Written at the attachment, before the first walk; read by all threads. */
extern PMT_HIDDEN struct pmt_frames pmt_frames;

/* The thread's state where subinterpreters may run on a thread of another's; own is the
 * one that the thread began with, NULL allowed. */
void *pmt_frame_thread_state_among(void *own);

#define PMT_FRAME_FIELD(type, at, offset) (*(type const *)((const char *)(at) + (offset)))

/* The state that the thread began with, or among; NULL where its frames are not to be
 * read. Budget: two calls into the interpreter. */
PMT_INLINE void *pmt_frame_thread_state_begun(void)
{
	void *state = pmt_py.this_thread_state();

	if (PMT_UNLIKELY(pmt_frames.has_subinterpreters))
		state = pmt_frame_thread_state_among(state);
	if (PMT_UNLIKELY(!state))
		return NULL;
	if (PMT_UNLIKELY(pmt_py_has_begun_to_end()) &&
	    state != pmt_py.thread_state_unchecked())
		return NULL;
	return state;
}

/* The state of the thread, NULL where it has none or that may be gone. */
PMT_INLINE void *pmt_frame_thread_state(pmt_state_word *word)
{
	void *state = NULL;

	/* 3.12+: a thread variable, the running state, NULL without the GIL. */
	if (PMT_LIKELY(word != NULL))
		state = *word;
	else if (pmt_frames.layout.minor >= 12)
		state = pmt_py.thread_state_unchecked();
	return PMT_LIKELY(state != NULL) ? state : pmt_frame_thread_state_begun();
}

/* Its innermost frame, NULL where no Python runs. */
PMT_INLINE const void *pmt_frame_top(const struct pmt_frame_layout *l, const void *state)
{
	const void *frame = PMT_FRAME_FIELD(void *, state, l->tstate_frame);
	if (l->cframe_frame != PMT_LAYOUT_NONE && frame)
		frame = PMT_FRAME_FIELD(void *, frame, l->cframe_frame);
	return frame;
}

PMT_INLINE uint64_t pmt_frame_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

/* Whether frame_position is an address inside the code object, and no number. */
PMT_INLINE bool pmt_frame_has_address(const struct pmt_frame_layout *l)
{
	return l->code_units != PMT_LAYOUT_NONE;
}

/* Where a frame stands, with or without its code object's address: frames of two
 * functions never have the same, nor those of two places in one. has_address: of the
 * layout; for loops that ask once. */
PMT_INLINE uint64_t pmt_frame_position_by(const struct pmt_frame_layout *l,
					  const void *frame, bool has_address)
{
	if (has_address) /* which says both */
		return PMT_FRAME_FIELD(uint64_t, frame, l->frame_position);
	uint64_t at = PMT_FRAME_FIELD(uint32_t, frame, l->frame_position);
	return PMT_FRAME_FIELD(uint64_t, frame, l->frame_code) ^ at << 48 ^ at >> 16;
}

PMT_INLINE uint64_t pmt_frame_position(const struct pmt_frame_layout *l,
				       const void *frame)
{
	return pmt_frame_position_by(l, frame, pmt_frame_has_address(l));
}

/*
 * A number for the stack from `frame` outwards: equal stacks have equal ones, different
 * ones differ but for one case in 2^64. Where a code object died its address may come to
 * mean another function: seed tells the times before and after apart.
 */
PMT_INLINE uint64_t pmt_frame_hash(const struct pmt_frame_layout *l, const void *frame,
				   uint64_t seed)
{
	uint64_t hash = seed;
	unsigned left = PMT_FRAMES_MAX;

	for (; frame && left; left--) {
		hash = pmt_frame_mix(hash, pmt_frame_position(l, frame));
		frame = PMT_FRAME_FIELD(void *, frame, l->frame_previous);
	}
	return hash;
}

/* Where one frame stands; false for one of the interpreter's own. */
bool pmt_frame_place_of(const struct pmt_frame_layout *l, const void *frame,
			struct pmt_frame_place *ret_place);

/* Writes the frames from `frame` outwards, innermost first; the interpreter's own left
 * out. Returns how many there are, at most `most`. */
size_t pmt_frame_collect(const struct pmt_frame_layout *l, const void *frame,
			 struct pmt_frame_place *places, size_t most);

#endif
