/*
 * The C frames of the calling thread by rules (cfi.h) that each thread remembers. No
 * lock, no allocation, no call into libc; nothing is read but the thread's own stack,
 * within its bounds.
 *
 * The last stack is kept, with what was read from memory to find it. As soon as a walk
 * comes to registers that the last one came to, and that memory is unchanged, the rest is
 * the same too.
 *
 * Budget: some 6 ns for a frame that is new, 1 ns for one that is kept.
 */
#ifndef PMT_TRACER_NATIVE_UNWIND_H
#define PMT_TRACER_NATIVE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "native/cfi.h"
#include "native/own_frames.h"
#include "native/stack_bounds.h"

enum {
	PMT_UNWIND_RULES = 4096,
	PMT_UNWIND_FRAMES_MAX = 8192,
	PMT_UNWIND_SLOTS_MAX = 3, /* of a frame: read from memory to find its caller */
};

/* What was read, and where. */
struct pmt_unwind_slot {
	uint64_t at;
	uint64_t value;
};

struct pmt_unwind_frame {
	uint64_t address; /* within the call that it waits in */
	uint64_t sp, bp;  /* the registers there */
	uint64_t end;     /* its part of the stack ends here: the CFA */
	uint64_t hash;    /* of the addresses from the outermost frame to this one */
	uint64_t slots;   /* how many the frames from the outermost to this one have */
};

/* A frame that the last stack had not. */
struct pmt_unwind_fresh {
	struct pmt_unwind_frame frame;
	struct pmt_unwind_slot slots[PMT_UNWIND_SLOTS_MAX];
	uint32_t slot_count;
};

/* A thread's memory for it; all zero is a beginning. Touched as deep as stacks are. */
struct pmt_unwind {
	struct pmt_stack_bounds bounds;
	struct pmt_own_frames own;
	size_t count;
	bool is_whole;   /* up to the outermost frame: neither cut nor lost on the way */
	bool is_passing; /* it was cut, or goes over two stacks: not to be kept */
	struct pmt_cfi_rule rules[PMT_UNWIND_RULES];
	struct pmt_unwind_frame frames[PMT_UNWIND_FRAMES_MAX]; /* the outermost first */
	struct pmt_unwind_slot slots[PMT_UNWIND_FRAMES_MAX * PMT_UNWIND_SLOTS_MAX];
	struct pmt_unwind_fresh fresh[PMT_UNWIND_FRAMES_MAX]; /* the innermost first */
};

/* Fills frames, up to where the program called one of our wrappers, and count; deeper
 * stacks are cut at the outer end. Where no way out of our own code is known, frames of
 * it are the innermost. */
void pmt_unwind_self(struct pmt_unwind *u);

/* A module was unloaded: other code may come to lie at its addresses. */
void pmt_unwind_forget(struct pmt_unwind *u);

#endif
