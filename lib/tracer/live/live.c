/* The account of what is live; see live.h. */
#include "live/live.h"

#include <errno.h>

#include "drain/dump.h"
#include "event/blocks.h"
#include "event/emit.h"
#include "event/hook_way.h"
#include "live/block_map.h"
#include "live/range_map.h"
#include "live/rows.h"
#include "python/api.h"
#include "run/run.h"
#include "stack/stack_ids.h"

/* A block in the map: its row, and its bytes. */
enum { BYTES_BITS = 64 - PMT_LIVE_ROW_BITS };
#define BYTES_MASK ((UINT64_C(1) << BYTES_BITS) - 1)

uint32_t pmt_live_on;

/* Inherited by a fork: the child knows its parent's blocks by their rows' numbers. */
static struct pmt_block_map blocks;
static struct pmt_range_map ranges;

static void lose(enum pmt_loss cause)
{
	pmt_area_count_loss(&pmt_run->area, cause, 1);
}

void pmt_live_open(struct pmt_run *run, bool is_child)
{
	uint64_t forgotten = 0;

	if (is_child)
		forgotten =
		    pmt_block_map_after_fork(&blocks) + pmt_range_map_after_fork(&ranges);
	blocks.most_bytes = run->options->live_size_bytes;
	if (!pmt_live_rows_open(&run->live, &run->area))
		return;
	run->live.sums->inherited_count = pmt_block_map_count(&blocks) + ranges.count;
	if (forgotten)
		pmt_area_count_loss(&run->area, PMT_LOSS_BLOCK_BUSY, forgotten);
}

uint64_t pmt_live_table_bytes(void)
{
	return pmt_load_relaxed(&blocks.bytes);
}

/* --- sums --- */

static void add(_Atomic uint64_t *sum, uint64_t value)
{
	pmt_store_relaxed(sum, pmt_load_relaxed(sum) + value);
}

/* Adds what only the row's owner changes, and of row 0, which has none, anybody. */
PMT_INLINE void add_owned(bool is_own, _Atomic uint64_t *sum, uint64_t value)
{
	if (PMT_LIKELY(is_own))
		add(sum, value);
	else
		pmt_add_relaxed(sum, value);
}

/* Before a row changes: what it had is what it had at the peak, unless it has changed
 * since then already. Of two threads that change a row at once one may keep what the
 * other has changed: the peak is exact but for what other threads do at its very moment.
 */
PMT_INLINE void keep_peak(const struct pmt_live_sums *sums, struct pmt_live_row *row)
{
	uint64_t number = pmt_load_relaxed(&sums->peak_bytes);

	if (pmt_load_relaxed(&row->peak_number) == number)
		return;
	const struct pmt_live_sum live = pmt_live_row_live(row);
	pmt_store_relaxed(&row->at_peak_bytes, live.bytes);
	pmt_store_relaxed(&row->at_peak_count, live.count);
	pmt_store_relaxed(&row->peak_number, number);
}

static bool is_heap(uint32_t kind)
{
	return kind <= PMT_BLOCK_MMAP;
}

static void grow_heap(struct pmt_live_sums *sums, uint64_t bytes)
{
	uint64_t heap = pmt_add_relaxed(&sums->heap_bytes, bytes) + bytes;
	uint64_t peak = pmt_load_relaxed(&sums->peak_bytes);

	if ((int64_t)(heap - peak) <= 0)
		return;
	pmt_store_relaxed(&sums->peak_tick, pmt_load_relaxed(&pmt_emit_coarse_clock));
	while ((int64_t)(heap - peak) > 0 && !pmt_cas(&sums->peak_bytes, peak, heap))
		peak = pmt_load_relaxed(&sums->peak_bytes);
}

static bool owns(const struct pmt_thread *t, const struct pmt_live_row *row)
{
	return row->stream == t->emitter.stream && row->stream != 0;
}

/* Before the block can be freed by anybody: it is in no map yet. */
static void count_allocated(struct pmt_thread *t, uint32_t number, uint64_t bytes)
{
	const struct pmt_live_rows *rows = &pmt_run->live;
	struct pmt_live_sums *sums = rows->sums;
	struct pmt_live_row *row = pmt_live_row_own(rows, number - rows->first);
	bool is_own = owns(t, row);

	keep_peak(sums, row);
	add_owned(is_own, &row->allocated_bytes, bytes);
	add_owned(is_own, &row->allocated_count, 1);
	if (is_heap(row->kind))
		grow_heap(sums, bytes);
}

/* count 0: of a part of a mapping. Returns the row where it is the thread's own. */
static struct pmt_live_row *count_freed(struct pmt_thread *t, uint32_t number,
					uint64_t bytes, uint64_t count)
{
	struct pmt_live_sums *sums = pmt_run->live.sums;
	struct pmt_live_row *row = pmt_live_row_at(&pmt_run->live, number);

	if (PMT_UNLIKELY(!row)) {
		pmt_add_relaxed(&sums->inherited_freed_count, count);
		pmt_add_relaxed(&sums->inherited_freed_bytes, bytes);
		return NULL;
	}
	bool is_own = owns(t, row);
	keep_peak(sums, row);
	if (PMT_LIKELY(is_own)) {
		add(&row->freed_bytes, bytes);
		add(&row->freed_count, count);
	} else {
		pmt_add_relaxed(&row->others_freed_bytes, bytes);
		pmt_add_relaxed(&row->others_freed_count, count);
		pmt_add_relaxed(&sums->other_thread_count, 1);
	}
	if (is_heap(row->kind))
		pmt_add_relaxed(&sums->heap_bytes, -bytes);
	return is_own ? row : NULL;
}

/* --- blocks --- */

static uint64_t pack(uint32_t number, uint64_t bytes)
{
	return (uint64_t)number << BYTES_BITS | (bytes & BYTES_MASK);
}

static void allocate(struct pmt_thread *t, uint64_t address, uint64_t bytes,
		     uint32_t number)
{
	uint64_t old;

	count_allocated(t, number, bytes);
	t->live.last = address;
	switch (pmt_block_map_put(&blocks, address, pack(number, bytes), &old)) {
	case PMT_PUT_NEW:
		return;
	case PMT_PUT_REPLACED:
		pmt_add_relaxed(&pmt_run->live.sums->missed_free_count, 1);
		count_freed(t, (uint32_t)(old >> BYTES_BITS), old & BYTES_MASK, 1);
		return;
	case PMT_PUT_FULL:
		lose(PMT_LOSS_BLOCKS_FULL);
		break;
	case PMT_PUT_BUSY:
		lose(PMT_LOSS_BLOCK_BUSY);
		break;
	}
	/* Nobody will know whose it was when it is freed: it is so at once. */
	count_freed(t, number, bytes, 1);
}

static void release(struct pmt_thread *t, uint64_t address)
{
	bool is_last = t->live.last == address;
	struct pmt_live_row *row;
	uint64_t value;

	switch (pmt_block_map_take(&blocks, address, &value)) {
	case PMT_TAKE_FOUND:
		row = count_freed(t, (uint32_t)(value >> BYTES_BITS), value & BYTES_MASK,
				  1);
		if (is_last && row) {
			add(&row->temporary_bytes, value & BYTES_MASK);
			add(&row->temporary_count, 1);
		}
		break;
	case PMT_TAKE_UNKNOWN:
		pmt_add_relaxed(&pmt_run->live.sums->unknown_free_count, 1);
		break;
	case PMT_TAKE_BUSY:
		lose(PMT_LOSS_BLOCK_BUSY);
		break;
	}
	if (is_last)
		t->live.last = 0;
}

/* --- mappings --- */

/* Pieces that lay in the range. Lock held. */
static uint64_t take_ranges(struct pmt_thread *t, uint64_t from, uint64_t to)
{
	struct pmt_range piece;
	uint64_t count = 0;
	bool is_whole;

	while (pmt_range_map_take(&ranges, from, to, &piece, &is_whole)) {
		count_freed(t, (uint32_t)piece.value, piece.to - piece.from, is_whole);
		count++;
	}
	return count;
}

static void map(struct pmt_thread *t, uint64_t from, uint64_t bytes, uint32_t number)
{
	struct pmt_range range = {from, from + bytes, number};

	if (!pmt_range_map_lock(&ranges)) {
		lose(PMT_LOSS_BLOCK_BUSY);
		return;
	}
	pmt_add_relaxed(&pmt_run->live.sums->missed_free_count,
			take_ranges(t, from, from + bytes));
	count_allocated(t, number, bytes);
	if (!pmt_range_map_put(&ranges, range)) {
		lose(PMT_LOSS_BLOCKS_FULL);
		count_freed(t, number, bytes, 1);
	}
	pmt_range_map_unlock(&ranges);
}

static void unmap(struct pmt_thread *t, uint64_t from, uint64_t bytes)
{
	if (!pmt_range_map_lock(&ranges)) {
		lose(PMT_LOSS_BLOCK_BUSY);
		return;
	}
	if (!take_ranges(t, from, from + bytes))
		pmt_add_relaxed(&pmt_run->live.sums->unknown_free_count, 1);
	pmt_range_map_unlock(&ranges);
}

/* --- the callers' side --- */

static PMT_NOINLINE bool prepare_slow(struct pmt_thread *t)
{
	/* Without room in its stream a thread's blocks are counted all the same. */
	bool ready = (pmt_blocks_prepare_self(t) || t->emitter.live) && pmt_run_is_on() &&
		     pmt_run->live.sums;

	if (!ready)
		pmt_emit_drop(t, PMT_OP_EXTENDED); /* it clears busy */
	return ready;
}

/* False: nothing is to be counted, or a loss was. */
PMT_INLINE bool begin(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (PMT_UNLIKELY(e->busy)) { /* a signal handler within */
		if (pmt_run_is_on())
			lose(PMT_LOSS_REENTERED);
		return false;
	}
	e->busy = e->in_malloc = 1;
	if (PMT_LIKELY(e->ring.head < e->ring.limit) || prepare_slow(t))
		return true;
	e->busy = e->in_malloc = 0;
	return false;
}

static void end(struct pmt_emitter *e)
{
	e->busy = e->in_malloc = 0;
}

/* What is allocated while tracing is paused is nobody's; frees are always followed. */
static bool is_paused(void)
{
	return pmt_load32_relaxed(&pmt_hook_way) & PMT_WAY_PAUSED;
}

/* Of each family the first kind. */
static enum pmt_block_kind family_of(enum pmt_block_kind kind)
{
	return kind < PMT_BLOCK_MMAP ? PMT_BLOCK_MALLOC : kind;
}

void pmt_live_allocated_self(struct pmt_thread *t, const void *p, size_t bytes,
			     enum pmt_block_kind kind)
{
	int saved = errno;
	bool is_full = false;

	if (PMT_UNLIKELY(kind > PMT_BLOCK_SHARED)) /* of Python's domains */
		return;
	if (PMT_LIKELY(begin(t))) {
		if (PMT_LIKELY(!is_paused())) {
			pmt_block_map_expect(&blocks, (uintptr_t)p);
			uint32_t number = pmt_live_row_number_self(
			    t, &t->live, pmt_stack_id_self(t), family_of(kind), &is_full);
			if (PMT_UNLIKELY(is_full))
				lose(PMT_LOSS_PLACES_FULL);
			if (PMT_LIKELY(kind < PMT_BLOCK_MMAP))
				allocate(t, (uintptr_t)p, bytes, number);
			else
				map(t, (uintptr_t)p, bytes, number);
		}
		end(&t->emitter);
	}
	errno = saved;
}

/* Where the interpreter begins to end it frees what the program still holds: what was
 * live until then is written now. */
static PMT_NOINLINE void note_end(struct pmt_thread *t)
{
	pmt_dump_now(PMT_LIVE_PYTHON_ENDS);
	pmt_blocks_say_end(t);
}

void pmt_live_freed_self(struct pmt_thread *t, const void *p, size_t bytes,
			 enum pmt_block_kind kind)
{
	int saved = errno;

	if (PMT_UNLIKELY(kind > PMT_BLOCK_SHARED))
		return;
	if (PMT_LIKELY(begin(t))) {
		if (PMT_UNLIKELY(!pmt_blocks_end_is_said && pmt_py_has_begun_to_end()))
			note_end(t);
		if (PMT_LIKELY(kind < PMT_BLOCK_MMAP))
			release(t, (uintptr_t)p);
		else
			unmap(t, (uintptr_t)p, bytes);
		end(&t->emitter);
	}
	errno = saved;
}
