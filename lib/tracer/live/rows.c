/* Making and finding rows; see rows.h. From within malloc, no lock but the area's. */
#include "live/rows.h"

#include <string.h>

#include "format/payload_blocks.h"
#include "ring/area.h"
#include "rss/own_memory.h"
#include "run/run.h"
#include "thread.h"

enum {
	INDEX_FIRST = 1024,
	INDEX_MAX = 1 << 22, /* 16 MiB a thread and kind; later stacks are row 0's */
	NUMBERS_MAX = 1 << PMT_LIVE_ROW_BITS,
};

/* Of all processes that a fork made of the first: a copy goes on in each. */
static _Atomic uint32_t next_first = 1;

static void raise_next(uint32_t number)
{
	uint32_t seen = pmt_load32_relaxed(&next_first);

	while (seen < number && !pmt_cas32(&next_first, seen, number))
		seen = pmt_load32_relaxed(&next_first);
}

static struct pmt_live_row *rows_of(struct pmt_live_block *block)
{
	return (struct pmt_live_row *)(void *)((char *)block + PMT_RING_CONTROL_BYTES);
}

static bool take_block(struct pmt_live_rows *rows, struct pmt_area *area, uint32_t number)
{
	struct pmt_live_block *expected = NULL;
	struct pmt_live_block *block = pmt_area_take_live(area, number);

	if (!block)
		return false;
	/* Release: a drain that finds the block finds it cleared. */
	if (!atomic_compare_exchange_strong_explicit(&rows->blocks[number], &expected,
						     block, memory_order_acq_rel,
						     memory_order_acquire))
		pmt_area_free_live(block); /* another thread was faster */
	return true;
}

static void fill(struct pmt_live_row *row, uint32_t stream, uint32_t stack_id,
		 uint8_t kind)
{
	row->stream = stream;
	row->stack_id = stack_id;
	row->kind = kind;
	/* Release: the drain and a salvage read what is above. */
	pmt_store32_release(&row->is_used, 1);
}

bool pmt_live_rows_open(struct pmt_live_rows *rows, struct pmt_area *area)
{
	uint32_t bytes = area->header->slot_data_bytes;

	rows->rows_a_block = bytes / sizeof(struct pmt_live_row);
	rows->block_bits = (uint32_t)__builtin_ctz(rows->rows_a_block);
	rows->most = PMT_LIVE_ROWS_BYTES_MAX / sizeof(struct pmt_live_row);
	if (rows->most > rows->rows_a_block * PMT_LIVE_BLOCKS_MAX)
		rows->most = rows->rows_a_block * PMT_LIVE_BLOCKS_MAX;
	rows->first = pmt_load32_relaxed(&next_first);
	if (rows->first >= NUMBERS_MAX)
		return false;
	if (rows->most > NUMBERS_MAX - rows->first)
		rows->most = NUMBERS_MAX - rows->first;
	if (!take_block(rows, area, 0))
		return false;
	struct pmt_live_block *block =
	    atomic_load_explicit(&rows->blocks[0], memory_order_relaxed);
	fill(rows_of(block), 0, 0, PMT_BLOCK_MALLOC);
	pmt_store32_release(&rows->count, 1);
	raise_next(rows->first + 1);
	rows->sums = &block->sums;
	return true;
}

/* 0: no room. */
static uint32_t new_row(struct pmt_thread *t, uint32_t stack_id, uint8_t kind)
{
	struct pmt_live_rows *rows = &pmt_run->live;

	if (pmt_load32_relaxed(&rows->count) >= rows->most)
		return 0;
	uint32_t i = pmt_add32_relaxed(&rows->count, 1);
	uint32_t number = i / rows->rows_a_block;
	if (i >= rows->most ||
	    (!atomic_load_explicit(&rows->blocks[number], memory_order_acquire) &&
	     !take_block(rows, &pmt_run->area, number)))
		return 0; /* the number stays unused */
	fill(pmt_live_row_own(rows, i), t->emitter.stream, stack_id, kind);
	raise_next(rows->first + i + 1);
	return rows->first + i;
}

/* Room for the stack in the index. */
static bool grow(struct pmt_live_index *index, uint32_t stack_id)
{
	uint32_t capacity = index->capacity ? index->capacity : INDEX_FIRST;

	while (capacity <= stack_id && capacity < INDEX_MAX)
		capacity *= 2;
	if (capacity <= stack_id)
		return false;
	uint32_t *numbers = pmt_own_map(capacity * sizeof(*numbers), PMT_OWN_ABSENT);
	if (!numbers)
		return false;
	if (index->numbers) {
		memcpy(numbers, index->numbers, index->capacity * sizeof(*numbers));
		pmt_own_unmap(index->numbers, index->capacity * sizeof(*numbers));
	}
	index->numbers = numbers;
	index->capacity = capacity;
	return true;
}

uint32_t pmt_live_row_number_slow_self(struct pmt_thread *t, uint32_t stack_id,
				       uint8_t kind, bool *ret_full)
{
	struct pmt_live_index *index = &t->live.index[pmt_live_index_of(kind)];
	uint32_t number = 0;

	if (stack_id < index->capacity || grow(index, stack_id)) {
		number = new_row(t, stack_id, kind);
		index->numbers[stack_id] = number;
	}
	*ret_full = number == 0;
	return number ? number : pmt_run->live.first;
}

void pmt_live_thread_free(struct pmt_live_thread *thread)
{
	for (unsigned i = 0; i < PMT_LIVE_KINDS; i++) {
		struct pmt_live_index *index = &thread->index[i];

		if (index->numbers)
			pmt_own_unmap(index->numbers,
				      index->capacity * sizeof(*index->numbers));
	}
	memset(thread, 0, sizeof(*thread));
}
