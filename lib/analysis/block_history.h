/*
 * The blocks of a trace (mode=allocs): its ALLOC and FREE records as a live set, from a
 * mark to a mark where that was asked for.
 *
 *   cursor -> model -> pmt_block_history_add -> block_order -> live_set -> places ->
 * views
 */
#ifndef PMT_ANALYSIS_BLOCK_HISTORY_H
#define PMT_ANALYSIS_BLOCK_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/block_order.h"
#include "analysis/live_set.h"
#include "analysis/stream_index.h"
#include "base/attr.h"
#include "format/payload_live.h"
#include "reader/cursor.h"

struct pmt_block_history_options {
	const char *from_mark; /* only what is allocated behind it; NULL: all */
	/* Nothing behind it. NULL: to where the interpreter begins to end, in a trace
	 * that says so; PMT_TO_EXIT: to the very end. */
	const char *to_mark;
	uint64_t to_tick;          /* nothing behind it; 0: as to_mark says */
	uint32_t temporary_within; /* 0: PMT_TEMPORARY_WITHIN */
	bool by_size;              /* places are kept apart by classes of sizes */
	bool is_alone;             /* the trace has one thread: order is no question */
};

#define PMT_TO_EXIT "exit"

/* A block is temporary when its thread frees it within so many of its allocations. */
enum { PMT_TEMPORARY_WITHIN = 10 };

struct pmt_block_history {
	struct pmt_block_history_options options;
	struct pmt_live_set set;
	struct pmt_block_order order;
	/* Allocations of each stream so far. */
	uint32_t *ordinals;
	uint32_t stream_count; /* of the index, those with an ordinal */
	struct pmt_stream_index streams;
	/* In a sampled trace: of the thread whose record comes next, its allocations
	 * until then, drawn or not. */
	uint64_t allocated_count;
	uint64_t record_count;   /* ALLOC, FREE and LIVE_PLACE, before a mark too */
	bool is_summed;          /* what is live was summed in the process: no stream */
	uint64_t unplaced_count; /* of these, without a known address: behind a gap */
	uint32_t first_place;    /* those below are of before from_mark */
	bool has_from;           /* from_mark was met, or none was asked for */
	bool has_to;             /* the same of to_mark: nothing is taken any more */
	uint64_t from_tick;
	uint64_t to_tick;
	int64_t rss_highest_bytes; /* that was seen so far; 0: none */
};

void pmt_block_history_init(struct pmt_block_history *blocks,
			    const struct pmt_block_history_options *options,
			    uint64_t ticks_per_second);
void pmt_block_history_close(struct pmt_block_history *blocks);

/* What a block's kind (enum pmt_block_kind) is as a place's. False for a kind that a
 * newer writer knows. */
bool pmt_block_place_kind(uint8_t kind, enum pmt_place_kind *ret_kind);

/* An ALLOC or FREE record. 0 or -ENOMEM. */
int pmt_block_history_add(struct pmt_block_history *blocks,
			  const struct pmt_event *event) PMT_MUST_CHECK;

/* A LIVE_PLACE record: what it says replaces what an earlier one of the place said. 0 or
 * -ENOMEM. */
int pmt_block_history_put_live(struct pmt_block_history *blocks,
			       const struct pmt_live_place *place) PMT_MUST_CHECK;

/* A LIVE_STATE record. */
void pmt_block_history_put_state(struct pmt_block_history *blocks,
				 const struct pmt_live_state *state);

/* A mark, or the begin or the end of a region, of the program. */
void pmt_block_history_mark(struct pmt_block_history *blocks, uint64_t tick,
			    struct pmt_text text);

/* Nothing behind this moment is taken, whatever the marks are. */
void pmt_block_history_end(struct pmt_block_history *blocks, uint64_t tick);

/* The resident set as it is known at tick: its highest moment is noted. */
void pmt_block_history_see_rss(struct pmt_block_history *blocks, int64_t rss_bytes,
			       uint64_t tick);

/* Behind the last event. 0 or -ENOMEM. */
int pmt_block_history_finish(struct pmt_block_history *blocks) PMT_MUST_CHECK;

#endif
