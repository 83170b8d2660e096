/*
 * Calling contexts in a ring file (detail=tree) as what the drain would have made of
 * them: TREE_NODE records of stream 0, behind everything that stream 0 has.
 */
#ifndef PMT_READER_RING_CONTEXTS_H
#define PMT_READER_RING_CONTEXTS_H

#include "base/attr.h"
#include "format/record.h"
#include "reader/ring_copy.h"

/* For sums of other kinds too: one record of stream 0, and the records since `begin` as a
 * chunk that has no place yet. 0 or a negative errno. */
int pmt_ring_contexts_put_record(struct pmt_ring_copy *ring, enum pmt_ext type,
				 const uint8_t *payload,
				 const uint8_t *end) PMT_MUST_CHECK;
int pmt_ring_contexts_add_chunk(struct pmt_ring_copy *ring,
				uint64_t begin) PMT_MUST_CHECK;

/* Appends the contexts of the block in slot i to the copy, as a chunk that has no place
 * yet. 0 or a negative errno. */
int pmt_ring_contexts_take(struct pmt_ring_copy *ring, uint32_t i) PMT_MUST_CHECK;

/* Once all chunks are known: gives those their places. */
void pmt_ring_contexts_place(struct pmt_trace *trace);

#endif
