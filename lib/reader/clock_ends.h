/*
 * The clock of a trace without a pass over it: from checkpoints near its two ends. Within
 * a few parts in a million of pmt_tables_clock, and known before the first event.
 */
#ifndef PMT_READER_CLOCK_ENDS_H
#define PMT_READER_CLOCK_ENDS_H

#include "base/attr.h"
#include "reader/tables.h"
#include "reader/trace.h"

/* Loads some chunks of the trace. 0 or -ENOMEM; known is false without a checkpoint. */
int pmt_clock_from_ends(struct pmt_trace *trace,
			struct pmt_clock *ret_clock) PMT_MUST_CHECK;

#endif
