/*
 * What is live in a ring file (detail=live) as what the drain would have made of it:
 * LIVE_STATE and LIVE_PLACE records of stream 0, behind everything that stream 0 has.
 */
#ifndef PMT_READER_RING_LIVE_H
#define PMT_READER_RING_LIVE_H

#include "base/attr.h"
#include "reader/ring_copy.h"

/* Appends the rows of all slots below slot_count to the copy, as a chunk that has no
 * place yet (ring_contexts.h gives it one). 0 or a negative errno. */
int pmt_ring_live_take(struct pmt_ring_copy *ring, uint32_t slot_count) PMT_MUST_CHECK;

#endif
