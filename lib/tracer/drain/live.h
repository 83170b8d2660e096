/* Writing what is live into the trace (detail=live). */
#ifndef PMT_TRACER_DRAIN_LIVE_H
#define PMT_TRACER_DRAIN_LIVE_H

#include <stdbool.h>

#include "format/payload_live.h"

/* The state, and the places that have changed since they were last written. False: the
 * trace takes no more now. Drain lock held. */
bool pmt_live_write_locked(enum pmt_live_reason reason);

#endif
