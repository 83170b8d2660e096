/*
 * The way out of our own code: from the unwinder up to the program's call of a wrapper.
 * Those frames are no part of a stack, but each event goes through them, by a few ways
 * only. A way is remembered by where its return addresses lie above the stack pointer:
 * if the first one is there the second one must be where it was, and so on.
 *
 * Budget: some 1 ns a frame.
 */
#ifndef PMT_TRACER_NATIVE_OWN_FRAMES_H
#define PMT_TRACER_NATIVE_OWN_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "native/cfi.h"

enum { PMT_OWN_WAYS = 8, PMT_OWN_FRAMES_MAX = 12 };

struct pmt_registers {
	uint64_t pc;
	uint64_t sp;
	uint64_t bp;
	bool is_exact; /* pc is where it runs, not where a call returns to */
};

struct pmt_own_way {
	uint32_t count; /* 0: none */
	uint32_t bp_at; /* above sp; 0: the register has it */
	uint32_t return_at[PMT_OWN_FRAMES_MAX];
	uint64_t return_to[PMT_OWN_FRAMES_MAX]; /* not the last, which leaves */
};

/* All zero knows no way. */
struct pmt_own_frames {
	uint32_t next; /* to be replaced */
	struct pmt_own_way ways[PMT_OWN_WAYS];
};

/* The addresses of this library; at the start. */
void pmt_own_frames_init(const struct pmt_module_place *own);

bool pmt_own_frames_has(uint64_t address);

/*
 * From registers within our code to those of its caller, on a stack of which so many
 * bytes above r->sp may be read. False: nobody knows the way; r is as it was.
 */
bool pmt_own_frames_leave(struct pmt_own_frames *own, struct pmt_registers *r,
			  uint64_t room);

#endif
