/* The account of mappings; see mapped.h. */
#include "live/mapped.h"

#include "live/account.h"
#include "live/range_map.h"

/* Inherited by a fork: the child knows its parent's ranges by their rows' numbers. */
static struct pmt_range_map ranges;

/* Pieces that lay in the range. Lock held. */
static uint64_t take_ranges(const struct pmt_thread *t, uint64_t from, uint64_t to,
			    bool is_alone)
{
	struct pmt_range piece;
	uint64_t count = 0;
	bool is_whole;

	while (pmt_range_map_take(&ranges, from, to, &piece, &is_whole)) {
		pmt_account_freed_self(t, (uint32_t)piece.value, piece.to - piece.from,
				       is_whole, is_alone);
		count++;
	}
	return count;
}

void pmt_mapped_allocated_self(struct pmt_thread *t, uint64_t from, uint64_t bytes,
			       uint32_t number, bool is_alone)
{
	struct pmt_range range = {from, from + bytes, number};

	if (!pmt_range_map_lock(&ranges)) {
		pmt_account_lose(PMT_LOSS_BLOCK_BUSY);
		return;
	}
	pmt_add_relaxed(&pmt_run->live.sums->missed_free_count,
			take_ranges(t, from, from + bytes, is_alone));
	pmt_account_allocated_self(t, number, bytes, is_alone);
	if (!pmt_range_map_put(&ranges, range)) {
		pmt_account_lose(PMT_LOSS_BLOCKS_FULL);
		pmt_account_freed_self(t, number, bytes, 1, is_alone);
	}
	pmt_range_map_unlock(&ranges);
}

void pmt_mapped_freed_self(struct pmt_thread *t, uint64_t from, uint64_t bytes,
			   bool is_alone)
{
	if (!pmt_range_map_lock(&ranges)) {
		pmt_account_lose(PMT_LOSS_BLOCK_BUSY);
		return;
	}
	if (!take_ranges(t, from, from + bytes, is_alone))
		pmt_add_relaxed(&pmt_run->live.sums->unknown_free_count, 1);
	pmt_range_map_unlock(&ranges);
}

uint64_t pmt_mapped_count(void)
{
	return ranges.count;
}

uint64_t pmt_mapped_after_fork(void)
{
	return pmt_range_map_after_fork(&ranges);
}
