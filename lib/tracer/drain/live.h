/* Writing what is live into the trace (detail=live). */
#ifndef PMT_TRACER_DRAIN_LIVE_H
#define PMT_TRACER_DRAIN_LIVE_H

#include <stdbool.h>

#include "format/payload_live.h"

/* The state, and the places that have changed since they were last written. False: the
 * trace takes no more now. Drain lock held. */
bool pmt_live_write_locked(enum pmt_live_reason reason);

/* Everything that the process knows goes to the trace now: rings, sums of contexts,
 * types and places, a sample. Not from a holder of the drain lock: then false. Any
 * thread, in malloc too. */
bool pmt_live_dump(enum pmt_live_reason reason);

#endif
