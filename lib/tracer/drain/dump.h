/* Writing all that the process knows into the trace now: on request, and where what comes
 * next would blur it. */
#ifndef PMT_TRACER_DRAIN_DUMP_H
#define PMT_TRACER_DRAIN_DUMP_H

#include <stdbool.h>

#include "format/payload_live.h"

/* Rings, sums of contexts, types and places, a sample. Not from a holder of the drain
 * lock: then false. Any thread, in malloc and in signal handlers too. */
bool pmt_dump_now(enum pmt_live_reason reason);

/* dump_signal=: from now on the signal makes the drain do that. One that the program's
 * environment handles already is left alone, which is said. */
void pmt_dump_watch(int sig);

#endif
