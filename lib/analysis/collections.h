/*
 * Collections of Python's cyclic garbage collector (gc=1), summed by generation. A
 * collection counts with its STOP, which says what it found and how long it took.
 */
#ifndef PMT_ANALYSIS_COLLECTIONS_H
#define PMT_ANALYSIS_COLLECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/payload_gc.h"

/* CPython has three. */
enum { PMT_COLLECTIONS_GENERATIONS = 3 };

struct pmt_collection_sums {
	uint64_t count;
	uint64_t collected; /* objects */
	uint64_t uncollectable;
	uint64_t ticks;
	uint64_t longest_ticks;
	uint64_t longest_tick; /* when the longest was over */
};

/* What one interpreter counted of one generation, from its first record on. */
struct pmt_collections_counted {
	struct pmt_gc_counts first;
	struct pmt_gc_counts last;
};

/* All zero at the start. */
struct pmt_collections {
	/* What a newer CPython calls an older generation counts as the oldest here. */
	struct pmt_collection_sums by_generation[PMT_COLLECTIONS_GENERATIONS];
	uint64_t start_count; /* one more than are over, where one was under way */
	uint64_t untimed_count;
	/* Interpreters whose collections are not seen any more, and since when. */
	uint64_t gone_count;
	uint64_t gone_tick;
	/* GC_COUNTS; an interpreter that began anew has rows of its own. */
	struct pmt_collections_counted *counted;
	uint32_t counted_count;
};

void pmt_collections_close(struct pmt_collections *collections);

/* A GC record; what cannot be read is passed over. */
void pmt_collections_add(struct pmt_collections *collections, const struct pmt_record *r,
			 uint64_t tick);

/* A GC_COUNTS record, the same. 0 or -ENOMEM. */
int pmt_collections_add_counts(struct pmt_collections *collections,
			       const struct pmt_record *r) PMT_MUST_CHECK;

/* What the interpreters counted of a generation since the trace began: no ticks. */
struct pmt_gc_counts pmt_collections_counted(const struct pmt_collections *collections,
					     unsigned generation);

struct pmt_collection_sums
pmt_collections_total(const struct pmt_collections *collections);

#endif
