/*
 * The slow side of the ring: wrapping, waiting, taking. Positions run freely and are
 * compared by difference; position p lies at p modulo size. A record never wraps: the
 * bytes before the end of the data area that it does not fit into become filler.
 */
#include "ring/ring.h"

#include <string.h>

#include "format/record.h"

static uint64_t offset_of(const struct pmt_ring *ring)
{
	return ring->head & (ring->size - 1);
}

static uint64_t quarter_of(const struct pmt_ring *ring)
{
	return ring->head / (ring->size / 4);
}

/* Where the fast path must stop to look around: the wrap, the next quarter, the tail. */
static void set_limit(struct pmt_ring *ring, uint64_t tail)
{
	uint64_t wrap = ring->head - offset_of(ring) + ring->size;
	uint64_t room = tail + ring->size;
	uint64_t quarter = (ring->quarter + 1) * (ring->size / 4);
	uint64_t end = wrap - ring->head < room - ring->head ? wrap : room;

	end = end - PMT_RECORD_BYTES_MAX + 1;
	ring->limit = ring->is_slow ? 0 : quarter < end ? quarter : end;
}

static bool wait_for_room(struct pmt_ring *ring, uint64_t total, uint64_t *ret_tail)
{
	/* Acquire pairs with the drain's release: it has finished reading below tail. */
	uint64_t tail = pmt_load_acquire(&ring->slot->tail);

	while (ring->head + total - tail > ring->size) {
		if (ring->stalled && ring->stalled_tail == tail)
			return false;
		ring->seen_tail = tail;
		if (!ring->pressure(ring, true)) {
			ring->stalled = true;
			ring->stalled_tail = tail;
		}
		tail = pmt_load_acquire(&ring->slot->tail);
	}
	ring->stalled = false;
	*ret_tail = tail;
	return true;
}

void pmt_ring_open(struct pmt_ring *ring, struct pmt_ring_slot *slot, uint8_t *data,
		   uint64_t size, pmt_ring_pressure_fn *pressure)
{
	ring->slot = slot;
	ring->data = data;
	ring->size = size;
	ring->head = pmt_load_relaxed(&slot->head); /* its producer is this thread now */
	ring->quarter = quarter_of(ring);
	ring->stalled = false;
	ring->pressure = pressure;
	set_limit(ring, ring->head);
}

uint8_t *pmt_ring_make_room_sp(struct pmt_ring *ring, uint64_t need)
{
	uint64_t tail;

	if (need < PMT_RECORD_BYTES_MAX)
		need = PMT_RECORD_BYTES_MAX;
	if (need > ring->size / 4)
		return NULL;
	uint64_t to_wrap = ring->size - offset_of(ring);
	uint64_t filler = to_wrap < need ? to_wrap : 0;
	if (!wait_for_room(ring, filler + need, &tail))
		return NULL;
	if (filler) {
		memset(ring->data + offset_of(ring), PMT_RING_FILLER, filler);
		ring->head += filler;
		pmt_store_release(&ring->slot->head, ring->head);
	}
	if (quarter_of(ring) != ring->quarter) {
		ring->quarter = quarter_of(ring);
		ring->pressure(ring, false);
	}
	set_limit(ring, tail);
	return ring->data + offset_of(ring);
}

size_t pmt_ring_peek_drain(const struct pmt_ring_slot *slot, const uint8_t *data,
			   uint64_t size, const uint8_t **ret_bytes)
{
	/* Acquire pairs with the producer's commit: records below head are whole. */
	uint64_t head = pmt_load_acquire(&slot->head);
	uint64_t tail = pmt_load_relaxed(&slot->tail); /* only the drain moves it */
	uint64_t offset = tail & (size - 1);
	uint64_t bytes = head - tail;

	if (bytes > size - offset)
		bytes = size - offset;
	*ret_bytes = data + offset;
	return (size_t)bytes;
}

void pmt_ring_consume_drain(struct pmt_ring_slot *slot, size_t bytes)
{
	/* Release: what was below the new tail has been read; the producer may reuse it.
	 */
	pmt_store_release(&slot->tail, pmt_load_relaxed(&slot->tail) + bytes);
}
