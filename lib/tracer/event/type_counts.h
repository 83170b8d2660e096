/* The counts of types as a thread says them where it sets a mark. */
#ifndef PMT_TRACER_EVENT_TYPE_COUNTS_H
#define PMT_TRACER_EVENT_TYPE_COUNTS_H

#include "thread.h"

/* Those that changed since they were last written, in front of the calling thread's mark:
 * what had been made by then is known to the object. No lock: also from a signal handler.
 * Nothing without mode=refs. What finds no room is the drain's to say. */
void pmt_type_counts_say_self(struct pmt_emitter *e);

#endif
