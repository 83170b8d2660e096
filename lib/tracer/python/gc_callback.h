/*
 * gc=1: each collection of the cyclic garbage collector as two records. A C function of
 * ours stands in gc.callbacks, of each interpreter that has a list of its own; the
 * program can see it there, and take it out.
 */
#ifndef PMT_TRACER_PYTHON_GC_CALLBACK_H
#define PMT_TRACER_PYTHON_GC_CALLBACK_H

#include <stdbool.h>

/* At the attachment to the current interpreter. False where it has no such list. */
bool pmt_gc_callback_install_gil(const void *interpreter);

enum pmt_gc_watched {
	PMT_GC_WATCHED,
	PMT_GC_CANNOT_WATCH, /* said once: it has no module gc */
};

/* At audit events: puts our function in, as soon as that can be done; then whether the
 * program took it out, or put it in again, is said in the trace. Raises audit events of
 * its own. No exception is left. Budget: one lookup, and a walk over the list. */
enum pmt_gc_watched pmt_gc_callback_watch_gil(const void *interpreter);

/* The current interpreter ends. */
void pmt_gc_callback_end_gil(const void *interpreter);

#endif
