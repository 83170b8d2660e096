/*
 * What is live, as the tracer sums it in the shared memory of the rings (detail=live), so
 * that nothing of it dies with the process. A slot in state PMT_SLOT_LIVE holds a block
 * of rows: its control page begins with struct pmt_live_block, its data is an array of
 * rows. A row is a place that asks for memory: a thread, a calling context of it, a kind.
 *
 * The drain (LIVE_PLACE records) and, after a kill, the reader read without a lock: each
 * word is whole, the words of a row may be of two moments that lie an event apart.
 */
#ifndef PMT_FORMAT_LIVE_LAYOUT_H
#define PMT_FORMAT_LIVE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/payload_live.h"
#include "format/ring_layout.h"

/* The owner is the thread of the stream; row 0 has none. What it alone writes needs no
 * atomic addition. */
struct pmt_live_row {
	uint32_t stream;
	uint32_t stack_id;
	uint32_t kind; /* enum pmt_block_kind */
	/* Whoever made the row, release: what is above is set. */
	_Atomic uint32_t is_used;
	_Atomic uint64_t allocated_bytes; /* owner */
	_Atomic uint64_t allocated_count;
	_Atomic uint64_t freed_bytes; /* by the owner */
	_Atomic uint64_t freed_count;
	/* The heap's peak that at_peak is about; of an older one: see the function below.
	 * Whoever changes the row. */
	_Atomic uint64_t peak_number;
	_Atomic uint64_t at_peak_bytes;
	_Atomic uint64_t at_peak_count;
	_Atomic uint64_t temporary_bytes; /* owner */
	_Atomic uint64_t temporary_count;
	_Atomic uint64_t others_freed_bytes; /* any other thread */
	_Atomic uint64_t others_freed_count;
	uint32_t said; /* the drain's: checksum of the last record; not for a reader */
	uint32_t reserved[5];
};

/* Sums of the process, in block number 0. */
struct pmt_live_sums {
	_Atomic uint64_t
	    heap_bytes; /* live of malloc and anonymous mappings; any thread */
	/* The most that heap_bytes was: strictly rising, so it numbers the peaks too. */
	_Atomic uint64_t peak_bytes;
	_Atomic uint64_t peak_tick;
	/* See struct pmt_live_state. Any thread adds. */
	_Atomic uint64_t unknown_free_count;
	_Atomic uint64_t missed_free_count;
	_Atomic uint64_t other_thread_count;
	_Atomic uint64_t inherited_freed_count;
	_Atomic uint64_t inherited_freed_bytes;
	uint64_t inherited_count;
};

struct pmt_live_block {
	struct pmt_ring_slot slot; /* head, tail and stream stay 0 */
	uint32_t row_bytes;        /* sizeof(struct pmt_live_row) of the writer */
	uint32_t number;
	_Alignas(PMT_CACHE_LINE_BYTES) struct pmt_live_sums sums;
};

_Static_assert(sizeof(struct pmt_live_row) == 128, "a row is two cache lines");
_Static_assert(sizeof(struct pmt_live_block) <= PMT_RING_CONTROL_BYTES,
	       "a block's header fits its page");

static inline struct pmt_live_sum pmt_live_row_live(const struct pmt_live_row *row)
{
	return (struct pmt_live_sum){
	    pmt_load_relaxed(&row->allocated_bytes) -
		pmt_load_relaxed(&row->freed_bytes) -
		pmt_load_relaxed(&row->others_freed_bytes),
	    pmt_load_relaxed(&row->allocated_count) -
		pmt_load_relaxed(&row->freed_count) -
		pmt_load_relaxed(&row->others_freed_count),
	};
}

/* A row that has not changed since the last peak has what it had then. */
static inline struct pmt_live_place pmt_live_row_to_place(const struct pmt_live_row *row,
							  uint64_t peak_number)
{
	struct pmt_live_place place = {
	    .stream = row->stream,
	    .stack_id = row->stack_id,
	    .kind = (uint8_t)row->kind,
	    .allocated = {pmt_load_relaxed(&row->allocated_bytes),
			  pmt_load_relaxed(&row->allocated_count)},
	    .live = pmt_live_row_live(row),
	    .temporary = {pmt_load_relaxed(&row->temporary_bytes),
			  pmt_load_relaxed(&row->temporary_count)},
	};

	place.at_peak = place.live;
	if (pmt_load_relaxed(&row->peak_number) == peak_number)
		place.at_peak =
		    (struct pmt_live_sum){pmt_load_relaxed(&row->at_peak_bytes),
					  pmt_load_relaxed(&row->at_peak_count)};
	return place;
}

static inline struct pmt_live_state pmt_live_sums_to_state(const struct pmt_live_sums *s,
							   enum pmt_live_reason reason)
{
	return (struct pmt_live_state){
	    .reason = (uint8_t)reason,
	    .peak_bytes = pmt_load_relaxed(&s->peak_bytes),
	    .peak_tick = pmt_load_relaxed(&s->peak_tick),
	    .unknown_free_count = pmt_load_relaxed(&s->unknown_free_count),
	    .missed_free_count = pmt_load_relaxed(&s->missed_free_count),
	    .other_thread_count = pmt_load_relaxed(&s->other_thread_count),
	    .inherited_count = s->inherited_count,
	    .inherited_freed_count = pmt_load_relaxed(&s->inherited_freed_count),
	    .inherited_freed_bytes = pmt_load_relaxed(&s->inherited_freed_bytes),
	};
}

#endif
