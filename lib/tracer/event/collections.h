/* A collection of the cyclic garbage collector as a record of the thread that runs it. */
#ifndef PMT_TRACER_EVENT_COLLECTIONS_H
#define PMT_TRACER_EVENT_COLLECTIONS_H

#include <stdint.h>

#include "format/payload_gc.h"
#include "thread.h"

/*
 * Writes a GC record of that moment with what the calling thread's sums moved: between a
 * START and its STOP lies what the collection freed. The tracer's own memory only; errno
 * kept. Nothing while tracing is paused or calls are summed per call path; what finds no
 * room is counted as lost.
 */
void pmt_collection_say_self(struct pmt_thread *t, uint64_t tick,
			     const struct pmt_gc_event *event);

#endif
