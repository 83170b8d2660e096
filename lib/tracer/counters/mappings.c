/* The table of file mappings, and the sums. Any thread, no lock. */
#include "counters/mappings.h"

#include <stdint.h>
#include <unistd.h>

#include "counters/ranges.h"

static struct pmt_range_slot slots[PMT_FILE_MAPPINGS_MAX];
static struct pmt_ranges files = {.slots = slots, .slot_count = PMT_FILE_MAPPINGS_MAX};

static uint64_t round_up(uint64_t size)
{
	uint64_t page = (uint64_t)getpagesize();

	return (size + page - 1) & -page;
}

struct pmt_unmapping pmt_mappings_take(const void *at, size_t size)
{
	struct pmt_unmapping u = {.at = at, .size = round_up(size)};
	uint64_t begin = (uintptr_t)at;

	u.file_bytes = pmt_ranges_take(&files, begin, begin + u.size);
	return u;
}

void pmt_mappings_put_back(const struct pmt_unmapping *u)
{
	if (u->file_bytes)
		pmt_ranges_put(&files, (uintptr_t)u->at,
			       (uintptr_t)u->at + u->file_bytes);
}

void pmt_mappings_count_unmapped_self(struct pmt_thread *t, const struct pmt_unmapping *u)
{
	t->sums.file_mapped_bytes -= (int64_t)u->file_bytes;
	t->sums.mapped_bytes -= (int64_t)(u->size - u->file_bytes);
}

void pmt_mappings_count_mapped_self(struct pmt_thread *t, const void *at, size_t size,
				    bool is_file)
{
	uint64_t bytes = round_up(size);

	if (is_file && pmt_ranges_put(&files, (uintptr_t)at, (uintptr_t)at + bytes))
		t->sums.file_mapped_bytes += (int64_t)bytes;
	else
		t->sums.mapped_bytes += (int64_t)bytes;
}

bool pmt_mappings_is_file(const void *at)
{
	return pmt_ranges_hold(&files, (uintptr_t)at);
}
