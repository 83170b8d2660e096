/*
 * How many collections there were, by generation, as the interpreter itself counts them
 * (CPython 3.13 and newer): read where they lie in its memory, which nothing in the
 * program can notice, with each sample and when the interpreter ends. When each of them
 * was, is known no better than between two samples.
 */
#ifndef PMT_TRACER_EVENT_COLLECTION_COUNTS_H
#define PMT_TRACER_EVENT_COLLECTION_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

enum { PMT_COUNTED_GENERATIONS = 3 };

/* Where the counts of one generation lie: three words, of the newest item where there are
 * several. */
struct pmt_counted_generation {
	const char *items;
	const int8_t *newest; /* index of the newest; NULL: there is one */
	uint16_t item_bytes;
	uint16_t counts_off;
	uint16_t seconds_off; /* of a double: how long all took; 0: not there */
};

/* From now on the interpreter of that number is read. At its attachment, with a run. */
void pmt_collection_counts_watch(uint64_t interpreter,
				 const struct pmt_counted_generation where[static 3]);

/* It ends: its memory is read once more and then left alone. */
void pmt_collection_counts_end(uint64_t interpreter);

/* Python ends, with all interpreters that are left. */
void pmt_collection_counts_end_all(void);

/* Writes what changed since it was last written, into stream 0. Drain lock held. */
void pmt_collection_counts_write_locked(void);

#endif
