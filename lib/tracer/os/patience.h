/*
 * How long to wait for somebody who holds something for some instructions only: he may
 * have been interrupted by other programs, and then comes again, or by a handler that
 * waits for us, and then does not.
 */
#ifndef PMT_TRACER_OS_PATIENCE_H
#define PMT_TRACER_OS_PATIENCE_H

#include <time.h>

#include "os/sys.h"

enum {
	PMT_PATIENCE_LOOKS = 64,
	PMT_PATIENCE_YIELDS = 100,
	PMT_PATIENCE_NAPS = 1000,
	PMT_PATIENCE_NAP_NS = 50000, /* 50 ms in all, and what the timer adds */
	/* Looks, with a wait after each, until the patience is at its end. */
	PMT_PATIENCE_ALL = PMT_PATIENCE_LOOKS + PMT_PATIENCE_YIELDS + PMT_PATIENCE_NAPS,
};

/* After look number i, from 0. */
static inline void pmt_patience_wait(int i)
{
	static const struct timespec nap = {0, PMT_PATIENCE_NAP_NS};

	if (i >= PMT_PATIENCE_LOOKS + PMT_PATIENCE_YIELDS)
		pmt_sys_clock_nanosleep(CLOCK_MONOTONIC, 0, &nap);
	else if (i >= PMT_PATIENCE_LOOKS)
		pmt_sys_sched_yield();
}

#endif
