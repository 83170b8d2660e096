/*
 * The account of the program's own mappings: ranges instead of blocks, of which a part
 * can go. In the same sections as blocks (account.h), beside a system call each time.
 */
#ifndef PMT_TRACER_LIVE_MAPPED_H
#define PMT_TRACER_LIVE_MAPPED_H

#include <stdbool.h>
#include <stdint.h>

struct pmt_thread;

/* A mapping of the row with this number; what lay there before is gone. */
void pmt_mapped_allocated_self(struct pmt_thread *t, uint64_t from, uint64_t bytes,
			       uint32_t number, bool is_alone);
void pmt_mapped_freed_self(struct pmt_thread *t, uint64_t from, uint64_t bytes,
			   bool is_alone);

/* Ranges that are live. Nobody else is there. */
uint64_t pmt_mapped_count(void);

/* As pmt_range_map_after_fork. */
uint64_t pmt_mapped_after_fork(void);

#endif
