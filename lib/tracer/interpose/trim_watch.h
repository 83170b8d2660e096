/*
 * Whether a free or realloc gave memory back to the system, so that the resident set may
 * have shrunk: seen by what its arena holds before and after.
 */
#ifndef PMT_TRACER_INTERPOSE_TRIM_WATCH_H
#define PMT_TRACER_INTERPOSE_TRIM_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct pmt_thread;

struct pmt_trim_watch {
	const volatile size_t *held_bytes; /* NULL: nothing to compare */
	size_t before;
	bool surely;
};

/* Around the call that gives the block p back or changes it. Owner. */
struct pmt_trim_watch pmt_trim_watch_begin(struct pmt_thread *t, const void *p);
void pmt_trim_watch_end(struct pmt_thread *t, const struct pmt_trim_watch *watch);

#endif
