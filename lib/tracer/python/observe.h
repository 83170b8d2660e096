/*
 * What the options want observed of an interpreter: hooks, allocators, frames, the
 * garbage collector. Switched on when it is found, looked after while it runs, and let go
 * of. attach.c says when.
 */
#ifndef PMT_TRACER_PYTHON_OBSERVE_H
#define PMT_TRACER_PYTHON_OBSERVE_H

#include "base/options.h"

/* Begins the run, if this is its first interpreter, and all that is wanted of it. With
 * the GIL; its own calls raise audit events. */
void pmt_observe_gil(const struct pmt_options *options, void *interpreter);

/* Counters and samples only, where there is no hook; why begins behind the version. */
void pmt_observe_without_hook(const struct pmt_options *options, const char *why);

/* At any audit event: takes places again that the program took from us. */
void pmt_observe_watch_gil(void *interpreter);

/* The same of gc.callbacks, with gc=1; its own calls raise audit events. */
void pmt_observe_watch_collections_gil(const void *interpreter);

/* The interpreter is being cleared. */
void pmt_observe_forget_gil(void *interpreter);

/* All of them end; NULL: the caller holds none. */
void pmt_observe_end(void *interpreter);

#endif
