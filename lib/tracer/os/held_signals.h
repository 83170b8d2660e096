/*
 * Writing without the signals that a write may raise: SIGXFSZ beyond RLIMIT_FSIZE,
 * SIGPIPE where nobody reads any more. Python ignores both, but a program may not have
 * got so far, or have chosen otherwise, and then they would end it for something that we
 * wrote.
 */
#ifndef PMT_TRACER_OS_HELD_SIGNALS_H
#define PMT_TRACER_OS_HELD_SIGNALS_H

#include <stdint.h>

/* The kernel's sets: bit number minus one. */
struct pmt_held_signals {
	uint64_t mask;    /* of the thread, before */
	uint64_t pending; /* the program's own, that it blocked itself */
};

/* Blocks both for the calling thread. Three system calls for a pair, four when the signal
 * was raised. */
void pmt_signals_hold(struct pmt_held_signals *ret_held);

/* Takes away what the call in between raised, which gave result, and unblocks. */
void pmt_signals_release(const struct pmt_held_signals *held, int64_t result);

#endif
