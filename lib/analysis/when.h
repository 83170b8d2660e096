/* A moment of a trace as people name it: so long after its begin, or so far through it.
 * What ticks mean is only known when the whole trace was read: a pass of its own. */
#ifndef PMT_ANALYSIS_WHEN_H
#define PMT_ANALYSIS_WHEN_H

#include <stdint.h>

#include "base/attr.h"
#include "reader/trace.h"

enum pmt_when_kind {
	PMT_WHEN_END = 0, /* no moment but the end */
	PMT_WHEN_TIME,    /* after_ns behind the first event */
	PMT_WHEN_SHARE,   /* share of the time from the first event to the last */
};

struct pmt_when {
	enum pmt_when_kind kind;
	uint64_t after_ns;
	double share; /* 0..1 */
};

/* The last tick that is not behind the moment; the last event's where the moment is
 * behind that, UINT64_MAX for the end. 0 or -ENOMEM. */
int pmt_when_find(const struct pmt_when *when, struct pmt_trace *trace,
		  uint64_t *ret_tick) PMT_MUST_CHECK;

#endif
