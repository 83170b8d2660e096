/* The first records of a stream: who writes here. */
#ifndef PMT_TRACER_EVENT_INTRODUCE_H
#define PMT_TRACER_EVENT_INTRODUCE_H

#include <stdint.h>

#include "thread.h"

/* Checkpoint and thread record of the calling thread's fresh emitter. */
void pmt_introduce_thread(struct pmt_thread *t, uint32_t os_tid);

/* The thread record again, with the name that Python gives the thread. */
void pmt_introduce_name(struct pmt_thread *t, struct pmt_text name);

struct pmt_run;

/* Checkpoint and info records of stream 0. */
void pmt_introduce_process(struct pmt_run *run);

/* One more info record. The caller holds the drain lock. */
void pmt_introduce_text(struct pmt_run *run, const char *key, const char *value);

/* max_size is reached, and when. The caller holds the drain lock. */
void pmt_introduce_full(struct pmt_run *run);

/* rss=each, at the end: what the reading at every event found of the other methods. The
 * caller holds the drain lock. */
void pmt_introduce_rss_check(struct pmt_run *run);

/* At the end: what the tracer itself made resident, which is in no thread's sums. */
void pmt_introduce_own_memory(struct pmt_run *run);

#endif
