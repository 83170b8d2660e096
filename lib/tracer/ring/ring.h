/*
 * One thread's ring: a single producer appends whole records, the drain takes them. The
 * memory is shared with nobody while the process lives; after a kill the reader finds
 * it by the same layout (format/ring_layout.h).
 */
#ifndef PMT_TRACER_RING_RING_H
#define PMT_TRACER_RING_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/ring_layout.h"

struct pmt_ring;

/*
 * Called by a producer that crossed a quarter of its ring, or (must_wait) that found it
 * full: wakes the drain; when it must wait, returns true after the tail moved and false
 * once waiting is no use.
 */
typedef bool pmt_ring_pressure_fn(struct pmt_ring *ring, bool must_wait);

struct pmt_ring {
	struct pmt_ring_slot *slot; /* control words, in the shared file */
	uint8_t *data;
	uint64_t size;      /* of data: a power of two */
	uint64_t head;      /* producer's own copy: no load of a shared word per record */
	uint64_t limit;     /* below it, PMT_RECORD_BYTES_MAX fit without a look around */
	uint64_t quarter;   /* of the ring in which head was last seen */
	uint64_t seen_tail; /* too low for what is to be pushed: wait until it moved */
	uint64_t stalled_tail; /* waiting in vain at this tail once is enough */
	bool stalled;
	bool is_slow; /* its producer looks around at each record */
	pmt_ring_pressure_fn *pressure;
};

/* Attaches a producer to a slot whose head and tail are equal. */
void pmt_ring_open(struct pmt_ring *ring, struct pmt_ring_slot *slot, uint8_t *data,
		   uint64_t size, pmt_ring_pressure_fn *pressure);

/* Makes `need` contiguous bytes at head (at least PMT_RECORD_BYTES_MAX, at most a quarter
 * of the ring), waiting if it is full. Returns where to write, or NULL when there is no
 * room: the caller drops and counts. */
uint8_t *pmt_ring_make_room_sp(struct pmt_ring *ring, uint64_t need);

/* Room for one record without payload. Budget: one compare on the common path. */
PMT_INLINE uint8_t *pmt_ring_begin_sp(struct pmt_ring *ring)
{
	if (PMT_LIKELY(ring->head < ring->limit))
		return ring->data + (ring->head & (ring->size - 1));
	return pmt_ring_make_room_sp(ring, 0);
}

/* Publishes the bytes from begin's result to end: the drain, and after a kill the
 * reader, may take them once they see the new head. */
PMT_INLINE void pmt_ring_commit_sp(struct pmt_ring *ring, const uint8_t *begin,
				   const uint8_t *end)
{
	ring->head += (uint64_t)(end - begin);
	pmt_store_release(&ring->slot->head, ring->head);
}

/* Drain: the longest contiguous run of whole records at the tail; 0 bytes if none. */
size_t pmt_ring_peek_drain(const struct pmt_ring_slot *slot, const uint8_t *data,
			   uint64_t size, const uint8_t **ret_bytes);

/* Drain: gives back what was written out; the producer may overwrite it. */
void pmt_ring_consume_drain(struct pmt_ring_slot *slot, size_t bytes);

#endif
