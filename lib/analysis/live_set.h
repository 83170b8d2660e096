/*
 * What is live: blocks and mappings, each charged to its place. Takes operations in the
 * order in which they happened (block_order.h finds it); what does not fit that order is
 * counted, and taken for what it must mean. Memory grows with what is live.
 */
#ifndef PMT_ANALYSIS_LIVE_SET_H
#define PMT_ANALYSIS_LIVE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/block_table.h"
#include "analysis/live_maps.h"
#include "analysis/places.h"
#include "base/attr.h"

/* An allocation or a free, as a thread's stream has it. */
struct pmt_block_op {
	uint64_t address; /* not 0 */
	uint64_t bytes;   /* of an allocation; of a free of mappings: 0 the whole one */
	uint64_t
	    beneath_bytes; /* of an object that is a block of malloc's; 0: it is none */
	uint64_t tick;
	uint32_t stream;
	uint32_t place;   /* of an allocation */
	uint32_t ordinal; /* allocations of the thread until it, itself included */
	bool is_free;
	bool is_map;
	/* Of a domain of Python's: records have the time wherever threads took turns, so
	 * what did not happen before it by its time did not. */
	bool is_in_turn;
};

enum { PMT_RECENT_FREES = 4096 };

struct pmt_live_set {
	struct pmt_block_table blocks;
	struct pmt_block_table beneath; /* of these, by their address: beneath_bytes */
	struct pmt_live_maps maps;
	struct pmt_places places;
	uint32_t temporary_within; /* freed within so many allocations: temporary */
	uint64_t other_thread_free_count;
	uint64_t unknown_free_count; /* nobody saw the allocation: before the trace */
	uint64_t double_free_count;  /* of these: and had just been freed */
	uint64_t missed_free_count;  /* allocated again, and nobody saw the free */
	/* Addresses that were freed of late, each where its hash says. */
	uint64_t recent_frees[PMT_RECENT_FREES];
};

/* All zero is an empty set; frees what it owns. */
void pmt_live_set_close(struct pmt_live_set *set);

/* True when the operation can be the next: a free of what is live, an allocation where
 * nothing is. */
bool pmt_live_set_fits(const struct pmt_live_set *set, const struct pmt_block_op *op);

/* True when a block at address was freed of late, as far as that is remembered. */
bool pmt_live_set_was_freed(const struct pmt_live_set *set, uint64_t address);

/* Takes the next operation, whether it fits or not. 0 or -ENOMEM. */
int pmt_live_set_apply(struct pmt_live_set *set,
		       const struct pmt_block_op *op) PMT_MUST_CHECK;

/* The same if it fits: *ret_taken says whether. 0 or -ENOMEM. */
int pmt_live_set_take(struct pmt_live_set *set, const struct pmt_block_op *op,
		      bool *ret_taken) PMT_MUST_CHECK;

/* An allocation that came and went at a moment that nobody knows. */
void pmt_live_set_pass(struct pmt_live_set *set, const struct pmt_block_op *op,
		       bool is_temporary);

#endif
