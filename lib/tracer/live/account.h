/*
 * What a block does to the sums: those of its row, and of the heap with its peak. Comes
 * in: one block at a time, from blocks and mappings, within a section of sole.h; is_alone
 * says that no other thread is in one. Goes out: shared memory (format/live_layout.h).
 *
 * Budget: no locked operation when alone, one on a shared word otherwise.
 */
#ifndef PMT_TRACER_LIVE_ACCOUNT_H
#define PMT_TRACER_LIVE_ACCOUNT_H

#include "event/emit.h"
#include "live/rows.h"
#include "run/run.h"

static inline void pmt_account_lose(enum pmt_loss cause)
{
	pmt_area_count_loss(&pmt_run->area, cause, 1);
}

/* Of what one thread at a time writes. */
PMT_INLINE void pmt_account_add(_Atomic uint64_t *sum, uint64_t value)
{
	pmt_store_relaxed(sum, pmt_load_relaxed(sum) + value);
}

/* Returns the new sum. */
PMT_INLINE uint64_t pmt_account_add_heap(struct pmt_live_sums *sums, uint64_t bytes,
					 bool is_alone)
{
	if (PMT_UNLIKELY(!is_alone))
		return pmt_add_relaxed(&sums->heap_bytes, bytes) + bytes;
	uint64_t heap = pmt_load_relaxed(&sums->heap_bytes) + bytes;
	pmt_store_relaxed(&sums->heap_bytes, heap);
	return heap;
}

/* Adds what only the row's owner changes, and of row 0, which has none, anybody. */
PMT_INLINE void pmt_account_add_owned(bool is_own, _Atomic uint64_t *sum, uint64_t value)
{
	if (PMT_LIKELY(is_own))
		pmt_account_add(sum, value);
	else
		pmt_add_relaxed(sum, value);
}

/* Before a row changes: what it had is what it had at the peak, unless it has changed
 * since then already. Of two threads that change a row at once one may keep what the
 * other has changed: the peak is exact but for what other threads do at its very moment.
 */
PMT_INLINE void pmt_account_keep_peak(const struct pmt_live_sums *sums,
				      struct pmt_live_row *row)
{
	uint64_t number = pmt_load_relaxed(&sums->peak_bytes);

	if (PMT_LIKELY(pmt_load_relaxed(&row->peak_number) == number))
		return;
	const struct pmt_live_sum live = pmt_live_row_live(row);
	pmt_store_relaxed(&row->at_peak_bytes, live.bytes);
	pmt_store_relaxed(&row->at_peak_count, live.count);
	pmt_store_relaxed(&row->peak_number, number);
}

PMT_INLINE bool pmt_account_is_heap(const struct pmt_live_row *row)
{
	return row->kind <= PMT_BLOCK_MMAP;
}

PMT_INLINE void pmt_account_grow_heap(struct pmt_live_sums *sums, uint64_t bytes,
				      bool is_alone)
{
	uint64_t heap = pmt_account_add_heap(sums, bytes, is_alone);
	uint64_t peak = pmt_load_relaxed(&sums->peak_bytes);

	if (PMT_LIKELY((int64_t)(heap - peak) <= 0))
		return;
	pmt_store_relaxed(&sums->peak_tick, pmt_load_relaxed(&pmt_emit_coarse_clock));
	if (is_alone) {
		pmt_store_relaxed(&sums->peak_bytes, heap);
		return;
	}
	while ((int64_t)(heap - peak) > 0 && !pmt_cas(&sums->peak_bytes, peak, heap))
		peak = pmt_load_relaxed(&sums->peak_bytes);
}

/* Row 0, and what is without a stream, are anybody's: whose that is matters only where
 * others may be. */
PMT_INLINE bool pmt_account_owns(const struct pmt_thread *t,
				 const struct pmt_live_row *row, bool is_alone)
{
	return PMT_LIKELY(row->stream == t->emitter.stream) &&
	       (is_alone || row->stream != 0);
}

/* Before the block can be freed by anybody: it is in no map yet. */
PMT_INLINE void pmt_account_allocated_self(const struct pmt_thread *t, uint32_t number,
					   uint64_t bytes, bool is_alone)
{
	const struct pmt_live_rows *rows = &pmt_run->live;
	struct pmt_live_sums *sums = rows->sums;
	struct pmt_live_row *row = pmt_live_row_own(rows, number - rows->first);
	bool is_own = pmt_account_owns(t, row, is_alone);

	pmt_account_keep_peak(sums, row);
	pmt_account_add_owned(is_own, &row->allocated_bytes, bytes);
	pmt_account_add_owned(is_own, &row->allocated_count, 1);
	if (PMT_LIKELY(pmt_account_is_heap(row)))
		pmt_account_grow_heap(sums, bytes, is_alone);
}

/* count 0: of a part of a mapping. Returns the row where it is the thread's own. */
PMT_INLINE struct pmt_live_row *pmt_account_freed_self(const struct pmt_thread *t,
						       uint32_t number, uint64_t bytes,
						       uint64_t count, bool is_alone)
{
	struct pmt_live_sums *sums = pmt_run->live.sums;
	struct pmt_live_row *row = pmt_live_row_at(&pmt_run->live, number);

	if (PMT_UNLIKELY(!row)) {
		pmt_add_relaxed(&sums->inherited_freed_count, count);
		pmt_add_relaxed(&sums->inherited_freed_bytes, bytes);
		return NULL;
	}
	bool is_own = pmt_account_owns(t, row, is_alone);
	pmt_account_keep_peak(sums, row);
	if (PMT_LIKELY(is_own)) {
		pmt_account_add(&row->freed_bytes, bytes);
		pmt_account_add(&row->freed_count, count);
	} else {
		pmt_add_relaxed(&row->others_freed_bytes, bytes);
		pmt_add_relaxed(&row->others_freed_count, count);
		pmt_add_relaxed(&sums->other_thread_count, 1);
	}
	if (PMT_LIKELY(pmt_account_is_heap(row)))
		pmt_account_add_heap(sums, -bytes, is_alone);
	return is_own ? row : NULL;
}

#endif
