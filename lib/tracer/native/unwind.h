/*
 * The C frames of the calling thread, innermost first, by rules (cfi.h) that each thread
 * remembers. No lock, no allocation, no call into libc; nothing is read but the thread's
 * own stack, within its bounds.
 *
 * Budget: some 6 ns a frame.
 */
#ifndef PMT_TRACER_NATIVE_UNWIND_H
#define PMT_TRACER_NATIVE_UNWIND_H

#include <stddef.h>
#include <stdint.h>

#include "native/cfi.h"

enum { PMT_UNWIND_RULES = 4096, PMT_UNWIND_FRAMES_MAX = 1024 };

struct pmt_unwind_frame {
	uint64_t address; /* within the call that it waits in */
	uint64_t end;     /* its part of the stack ends here: the CFA */
};

/* A thread's memory for it; all zero is a beginning. */
struct pmt_unwind {
	uint64_t low, high; /* mapped, with the stack in it; 0: not known */
	struct pmt_cfi_rule rules[PMT_UNWIND_RULES];
	struct pmt_unwind_frame frames[PMT_UNWIND_FRAMES_MAX];
};

/* Fills frames, the caller of this function first, and returns how many there are; deeper
 * stacks are cut at the outer end. */
size_t pmt_unwind_self(struct pmt_unwind *u);

/* A module was unloaded: other code may come to lie at its addresses. */
void pmt_unwind_forget(struct pmt_unwind *u);

#endif
