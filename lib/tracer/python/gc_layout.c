/* The rows; see gc_layout.h. */
#include "python/gc_layout.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct pmt_gc_layout rows[] = {
	/*  published---------------  collecting  in a pointer's target---------  item------------
	 *  gc  collecting stats size       stats size  young old  old  oldest    size counts seconds */
	{13, 80, 576,        0,    0, 200, 128,    0,   0,   0,   0,   0,         24,   0,   0},
	{14, 88, 656,        0,    0, 192, 120,    0,   0,   0,   0,   0,         24,   0,   0},
	{15, 88, 760,      784,  776, 112, 104, 1120, 704, 712, 904, 912,         64,  16,  48},
};
/* clang-format on */

const struct pmt_gc_layout *pmt_gc_layout_of(int minor)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].minor == minor)
			return &rows[i];
	return NULL;
}

static uint64_t word_at(const void *base, uint64_t offset)
{
	uint64_t word;

	memcpy(&word, (const char *)base + offset, sizeof(word));
	return word;
}

static bool agrees(const struct pmt_gc_layout *l, const void *published)
{
	return memcmp(published, "xdebugpy", 8) == 0 &&
	       word_at(published, l->published_collecting) == l->collecting &&
	       (!l->published_stats ||
		(word_at(published, l->published_stats) == l->stats &&
		 word_at(published, l->published_stats_size) == l->stats_size));
}

/* 3.15: the newest of some items, by an index behind them; of old generations two alike.
 */
static void find_items(const struct pmt_gc_layout *l, const char *stats,
		       struct pmt_counted_generation where[static 3])
{
	uint16_t items[] = {0, l->old_items, l->oldest_items};
	uint16_t newest[] = {l->young_newest, l->old_newest,
			     (uint16_t)(l->oldest_items + l->old_newest - l->old_items)};

	for (unsigned i = 0; i < 3; i++) {
		where[i].items = stats + items[i];
		where[i].newest = (const int8_t *)stats + newest[i];
	}
}

bool pmt_gc_layout_find(int minor, const void *runtime, const void *interpreter,
			struct pmt_counted_generation ret_where[static 3])
{
	const struct pmt_gc_layout *l = pmt_gc_layout_of(minor);

	if (!l || !runtime || !interpreter || !agrees(l, runtime))
		return false;
	const char *stats =
	    (const char *)interpreter + word_at(runtime, l->published_gc) + l->stats;
	for (unsigned i = 0; i < 3; i++)
		ret_where[i] = (struct pmt_counted_generation){
		    .items = stats + (size_t)i * l->item_size,
		    .item_bytes = l->item_size,
		    .counts_off = l->item_counts,
		    .seconds_off = l->item_seconds,
		};
	if (l->published_stats) {
		const char *target = (const char *)(uintptr_t)word_at(stats, 0);
		if (!target)
			return false;
		find_items(l, target, ret_where);
	}
	return true;
}
