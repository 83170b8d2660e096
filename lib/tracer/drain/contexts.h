/* Calling contexts into the trace: TREE_NODE records of stream 0. Drain lock held. */
#ifndef PMT_TRACER_DRAIN_CONTEXTS_H
#define PMT_TRACER_DRAIN_CONTEXTS_H

#include <stdbool.h>

struct pmt_thread;

/* All contexts of one thread, which may go on meanwhile. False: stream 0 has no room, as
 * the trace cannot be written; some may be in it. */
bool pmt_contexts_write_locked(struct pmt_thread *t);

/* The same for every thread. */
void pmt_contexts_write_all_locked(void);

#endif
