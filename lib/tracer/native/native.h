/*
 * A thread's C frames and Python frames as one stack (native=1): where the interpreter
 * runs Python functions, its own frame is replaced by theirs.
 *
 * Which of its C frames runs which functions CPython tells: 3.12 and newer keep a frame
 * of their own on the C stack of each; before, a run of functions ends at an "entry"
 * frame (3.11) or is one function (3.8 to 3.10), in the order of the C frames of the
 * evaluator.
 */
#ifndef PMT_TRACER_NATIVE_NATIVE_H
#define PMT_TRACER_NATIVE_NATIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "native/modules.h"
#include "native/unwind.h"

/* Nonzero while stacks have C frames. Written at the attachment; read plainly. */
extern PMT_HIDDEN uint32_t pmt_native_on;

/* Grows when a module was unloaded. Any thread adds, all read: what a thread remembers by
 * address is not to be used any more. */
extern _Atomic uint64_t pmt_native_epoch;

/* Switches it on, unless this machine's libc or processor cannot; then it says what. Not
 * in malloc. */
const char *pmt_native_start(void);

/* Of a stack: a Python frame, or a C frame. */
struct pmt_native_place {
	uint64_t at; /* a code object, or an address within a call */
	uint32_t offset;
	uint32_t is_native;
};

enum { PMT_NATIVE_PLACES_MAX = 16384 + PMT_UNWIND_FRAMES_MAX };

/* A thread's memory for it. */
struct pmt_native {
	uint64_t epoch;
	size_t
	    frame_count; /* of unwind.frames: the innermost, which are ours, left out */
	struct pmt_modules modules;
	struct pmt_unwind unwind;
	struct pmt_native_place places[PMT_NATIVE_PLACES_MAX];
};

/* NULL: no memory. The reaper frees. */
struct pmt_native *pmt_native_new(void);
void pmt_native_free(struct pmt_native *native);

/* Unwinds, and goes on from a hash with the C frames. */
uint64_t pmt_native_hash_self(struct pmt_native *native, uint64_t hash);

/* Behind pmt_native_hash_self: the merged stack in places, innermost first; how many.
 * frame: the innermost Python frame, NULL for none. */
size_t pmt_native_merge(struct pmt_native *native, const void *frame);

#endif
