/*
 * Calling contexts in a ring file (detail=tree) as what the drain would have made of
 * them: TREE_NODE records of stream 0, behind everything that stream 0 has.
 */
#ifndef PMT_READER_RING_CONTEXTS_H
#define PMT_READER_RING_CONTEXTS_H

#include "base/attr.h"
#include "reader/ring_copy.h"

/* Appends the contexts of the block in slot i to the copy, as a chunk that has no place
 * yet. 0 or a negative errno. */
int pmt_ring_contexts_take(struct pmt_ring_copy *ring, uint32_t i) PMT_MUST_CHECK;

/* Once all chunks are known: gives those their places. */
void pmt_ring_contexts_place(struct pmt_trace *trace);

#endif
