/* Which blocks are live, and whose they were; see live.h. What a block adds to the sums
 * is in account.h. */
#include "live/live.h"

#include <errno.h>

#include "drain/dump.h"
#include "event/blocks.h"
#include "live/account.h"
#include "live/block_slots.h"
#include "live/mapped.h"
#include "live/turn.h"
#include "python/api.h"
#include "stack/stack_ids.h"

/* A block in the map: its row, and its bytes. */
enum { BYTES_BITS = 64 - PMT_LIVE_ROW_BITS };
#define BYTES_MASK ((UINT64_C(1) << BYTES_BITS) - 1)

uint32_t pmt_live_on;

/* Inherited by a fork: the child knows its parent's blocks by their rows' numbers. */
static struct pmt_block_map blocks;

void pmt_live_open(struct pmt_run *run, bool is_child)
{
	uint64_t forgotten = 0;

	if (is_child)
		forgotten = pmt_block_map_after_fork(&blocks) + pmt_mapped_after_fork();
	blocks.most_bytes = run->options->live_size_bytes;
	pmt_sole_open(&run->live.sole);
	if (!pmt_live_rows_open(&run->live, &run->area))
		return;
	run->live.sums->inherited_count =
	    pmt_block_map_count(&blocks) + pmt_mapped_count();
	if (forgotten)
		pmt_area_count_loss(&run->area, PMT_LOSS_BLOCK_BUSY, forgotten);
}

uint64_t pmt_live_table_bytes(void)
{
	return pmt_load_relaxed(&blocks.bytes);
}

/* --- blocks --- */

static uint64_t pack(uint32_t number, uint64_t bytes)
{
	return (uint64_t)number << BYTES_BITS | (bytes & BYTES_MASK);
}

static uint32_t number_in(uint64_t value)
{
	return (uint32_t)(value >> BYTES_BITS);
}

/* Of a block that was counted as allocated. */
static PMT_NOINLINE void allocate_odd(const struct pmt_thread *t, uint32_t number,
				      uint64_t bytes, enum pmt_block_put result,
				      uint64_t old, bool is_alone)
{
	if (result == PMT_PUT_REPLACED) {
		pmt_add_relaxed(&pmt_run->live.sums->missed_free_count, 1);
		pmt_account_freed_self(t, number_in(old), old & BYTES_MASK, 1, is_alone);
		return;
	}
	pmt_account_lose(result == PMT_PUT_FULL ? PMT_LOSS_BLOCKS_FULL
						: PMT_LOSS_BLOCK_BUSY);
	/* Nobody will know whose it was when it is freed: it is so at once. */
	pmt_account_freed_self(t, number, bytes, 1, is_alone);
}

PMT_INLINE void allocate(struct pmt_thread *t, uint64_t address, uint64_t bytes,
			 uint32_t number, bool is_alone)
{
	enum pmt_block_put result;
	uint64_t old = 0;

	pmt_account_allocated_self(t, number, bytes, is_alone);
	t->live.last = address;
	result =
	    pmt_block_map_put_here(&blocks, address, pack(number, bytes), &old, is_alone);
	if (PMT_UNLIKELY(result != PMT_PUT_NEW))
		allocate_odd(t, number, bytes, result, old, is_alone);
}

static PMT_NOINLINE void release_odd(enum pmt_block_take result)
{
	if (result == PMT_TAKE_BUSY)
		pmt_account_lose(PMT_LOSS_BLOCK_BUSY);
	else
		pmt_add_relaxed(&pmt_run->live.sums->unknown_free_count, 1);
}

PMT_INLINE void release(struct pmt_thread *t, uint64_t address, bool is_alone)
{
	bool is_last = t->live.last == address;
	uint64_t value = 0;
	enum pmt_block_take result =
	    pmt_block_map_take_here(&blocks, address, &value, is_alone);

	if (is_last)
		t->live.last = 0;
	if (PMT_UNLIKELY(result != PMT_TAKE_FOUND)) {
		release_odd(result);
		return;
	}
	uint64_t bytes = value & BYTES_MASK;
	struct pmt_live_row *row =
	    pmt_account_freed_self(t, number_in(value), bytes, 1, is_alone);
	if (is_last && row) {
		pmt_account_add(&row->temporary_bytes, bytes);
		pmt_account_add(&row->temporary_count, 1);
	}
}

/* Where the interpreter begins to end it frees what the program still holds: what was
 * live until then is written now. */
PMT_INLINE bool is_end_to_be_said(void)
{
	return !pmt_blocks_end_is_said && pmt_py_has_begun_to_end();
}

/* --- the callers' side: straight where that can be, with nothing that changes errno ---
 */

/* Of each family the first kind. */
PMT_INLINE enum pmt_block_kind family_of(enum pmt_block_kind kind)
{
	return kind < PMT_BLOCK_MMAP ? PMT_BLOCK_MALLOC : kind;
}

PMT_INLINE uint32_t number_of_place(struct pmt_thread *t, enum pmt_block_kind kind)
{
	bool is_full = false;
	uint32_t number = pmt_live_row_number_self(t, &t->live, pmt_stack_id_self(t),
						   family_of(kind), &is_full);

	if (PMT_UNLIKELY(is_full))
		pmt_account_lose(PMT_LOSS_PLACES_FULL);
	return number;
}

/* Begins a section where others may be, or where nobody was yet. PMT_SOLE_BUSY: nothing
 * can be counted, and the loss was. */
PMT_INLINE enum pmt_sole_way enter(struct pmt_thread *t)
{
	enum pmt_sole_way way = PMT_SOLE_BUSY;

	if (PMT_UNLIKELY(!pmt_run->live.sums)) { /* there was no memory for rows */
		pmt_account_lose(PMT_LOSS_NO_RING);
		return way;
	}
	way = pmt_sole_enter_self(&pmt_run->live.sole, &t->live.sole);
	if (PMT_UNLIKELY(way == PMT_SOLE_BUSY))
		pmt_account_lose(PMT_LOSS_BLOCK_BUSY);
	return way;
}

/* Where others may be, and of mappings. */
static PMT_NOINLINE void allocate_any(struct pmt_thread *t, uint64_t address,
				      uint64_t bytes, enum pmt_block_kind kind,
				      uint32_t number)
{
	enum pmt_sole_way way = enter(t);
	bool is_alone = way == PMT_SOLE_ALONE;

	if (PMT_UNLIKELY(way == PMT_SOLE_BUSY))
		return;
	if (kind >= PMT_BLOCK_MMAP)
		pmt_mapped_allocated_self(t, address, bytes, number, is_alone);
	else if (is_alone)
		allocate(t, address, bytes, number, true);
	else
		allocate(t, address, bytes, number, false);
	pmt_sole_leave_self(&t->live.sole, way);
}

static PMT_NOINLINE void allocated_slow(struct pmt_thread *t, const void *p, size_t bytes,
					enum pmt_block_kind kind)
{
	int saved = errno;

	if (kind <= PMT_BLOCK_SHARED &&
	    pmt_turn_begin_self(t)) { /* the rest are of Python's domains */
		if (!pmt_turn_is_paused())
			allocate_any(t, (uintptr_t)p, bytes, kind,
				     number_of_place(t, kind));
		pmt_turn_end_self(t);
	}
	errno = saved;
}

void pmt_live_allocated_self(struct pmt_thread *t, const void *p, size_t bytes,
			     enum pmt_block_kind kind)
{
	uint64_t address = (uintptr_t)p;

	if (PMT_UNLIKELY(kind >= PMT_BLOCK_MMAP || pmt_turn_is_paused()) ||
	    !pmt_turn_try_begin_self(t)) {
		allocated_slow(t, p, bytes, kind);
		return;
	}
	pmt_block_map_expect(&blocks, address);
	uint32_t number = number_of_place(t, PMT_BLOCK_MALLOC);
	if (PMT_LIKELY(pmt_sole_try_alone_self(&t->live.sole))) {
		allocate(t, address, bytes, number, true);
		pmt_sole_leave_self(&t->live.sole, PMT_SOLE_ALONE);
	} else {
		allocate_any(t, address, bytes, PMT_BLOCK_MALLOC, number);
	}
	pmt_turn_end_self(t);
}

static PMT_NOINLINE void release_any(struct pmt_thread *t, uint64_t address,
				     uint64_t bytes, enum pmt_block_kind kind)
{
	enum pmt_sole_way way = enter(t);
	bool is_alone = way == PMT_SOLE_ALONE;

	if (PMT_UNLIKELY(way == PMT_SOLE_BUSY))
		return;
	if (kind >= PMT_BLOCK_MMAP)
		pmt_mapped_freed_self(t, address, bytes, is_alone);
	else if (is_alone)
		release(t, address, true);
	else
		release(t, address, false);
	pmt_sole_leave_self(&t->live.sole, way);
}

static PMT_NOINLINE void freed_slow(struct pmt_thread *t, const void *p, size_t bytes,
				    enum pmt_block_kind kind)
{
	int saved = errno;

	if (kind <= PMT_BLOCK_SHARED && pmt_turn_begin_self(t)) {
		if (is_end_to_be_said()) {
			pmt_dump_now(PMT_LIVE_PYTHON_ENDS);
			pmt_blocks_say_end(t);
		}
		release_any(t, (uintptr_t)p, bytes, kind);
		pmt_turn_end_self(t);
	}
	errno = saved;
}

void pmt_live_freed_self(struct pmt_thread *t, const void *p, size_t bytes,
			 enum pmt_block_kind kind)
{
	uint64_t address = (uintptr_t)p;

	if (PMT_UNLIKELY(kind >= PMT_BLOCK_MMAP || is_end_to_be_said()) ||
	    !pmt_turn_try_begin_self(t)) {
		freed_slow(t, p, bytes, kind);
		return;
	}
	if (PMT_LIKELY(pmt_sole_try_alone_self(&t->live.sole))) {
		release(t, address, true);
		pmt_sole_leave_self(&t->live.sole, PMT_SOLE_ALONE);
	} else {
		release_any(t, address, 0, PMT_BLOCK_MALLOC);
	}
	pmt_turn_end_self(t);
}
