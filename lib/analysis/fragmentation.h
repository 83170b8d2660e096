/*
 * What is live in the heap against what the process has, over time: a row at each
 * interval sample, in a bounded number of rows. What is resident and not live is what the
 * heap cannot give back, what is free in Python's arenas, and all that is no heap: the
 * program itself, its libraries' data, stacks.
 *
 *   model: sample -> pmt_fragmentation_add (with the live set of that moment) -> view
 *
 * A table of keys (the moment) and figures.
 */
#ifndef PMT_ANALYSIS_FRAGMENTATION_H
#define PMT_ANALYSIS_FRAGMENTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/live_set.h"
#include "format/payload.h"

enum { PMT_FRAGMENTATION_ROWS = 2048 };

/* Sizes in which Python maps its arenas: before 3.10, and since. */
enum pmt_arena_kind { PMT_ARENA_256K = 0, PMT_ARENA_1M = 1, PMT_ARENA_KINDS };

struct pmt_fragmentation_row {
	uint64_t tick;
	uint64_t rss_bytes;
	uint64_t shared_bytes; /* of these, with files and other processes */
	uint64_t malloc_bytes; /* live blocks of malloc and of Python */
	uint64_t mapped_bytes; /* live, anonymous and private: arenas too */
	/* Of these, or with mode=objects beside them, in pieces of exactly that size. */
	uint64_t arenas[PMT_ARENA_KINDS];
};

/* All zero is empty and owns nothing. */
struct pmt_fragmentation {
	struct pmt_fragmentation_row *rows; /* room for PMT_FRAGMENTATION_ROWS */
	uint32_t count;
	/* So many samples become a row: the one where most was not live. */
	uint64_t samples_a_row;
	uint64_t samples_in_last;
	uint64_t sample_count;
};

void pmt_fragmentation_close(struct pmt_fragmentation *fragmentation);

/* A sample, and what is live by then. 0 or -ENOMEM. */
int pmt_fragmentation_add(struct pmt_fragmentation *fragmentation,
			  const struct pmt_sample *sample,
			  const struct pmt_live_set *set) PMT_MUST_CHECK;

/* Where most was resident and not live, of all samples. NULL: there is none. */
const struct pmt_fragmentation_row *
pmt_fragmentation_most(const struct pmt_fragmentation *fragmentation);

/* Where RSS was the most for each live byte, of the rows with at least half of the
 * largest RSS: a program that has just begun has little but itself. NULL: there is none.
 */
const struct pmt_fragmentation_row *
pmt_fragmentation_worst(const struct pmt_fragmentation *fragmentation);

static inline uint64_t pmt_fragmentation_live(const struct pmt_fragmentation_row *row)
{
	return row->malloc_bytes + row->mapped_bytes;
}

/* Resident and not live; below 0 where live blocks were never touched. */
static inline int64_t pmt_fragmentation_rest(const struct pmt_fragmentation_row *row)
{
	return (int64_t)(row->rss_bytes - pmt_fragmentation_live(row));
}

/* RSS for each live byte; 0 where nothing is live. */
double pmt_fragmentation_ratio(const struct pmt_fragmentation_row *row);

#endif
