/*
 * What is live, summed in the process (mode=allocs with detail=live): the other end of
 * event/blocks.h, with the same callers under the same rules. Nothing is written per
 * block: its place's row, the heap's sum and the map of blocks change.
 *
 * Budget of a malloc and free pair beyond the walk of the stack: 210 instructions, of
 * them none that is locked in a process of one thread; 60 ns with a table that the
 * processor's caches do not hold.
 */
#ifndef PMT_TRACER_LIVE_LIVE_H
#define PMT_TRACER_LIVE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/payload_blocks.h"

struct pmt_run;
struct pmt_thread;

/* Nonzero when blocks are summed. Written once, with pmt_blocks_on. */
extern PMT_HIDDEN uint32_t pmt_live_on;

/* At the begin of a process's run, its area being open; is_child: a fork made it. */
void pmt_live_open(struct pmt_run *run, bool is_child);

void pmt_live_allocated_self(struct pmt_thread *t, const void *p, size_t bytes,
			     enum pmt_block_kind kind);
void pmt_live_freed_self(struct pmt_thread *t, const void *p, size_t bytes,
			 enum pmt_block_kind kind);

/* Bytes that the map of blocks takes now. */
uint64_t pmt_live_table_bytes(void);

#endif
