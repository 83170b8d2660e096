/*
 * The model of a trace: everything the views and the gate judge by, made in one pass
 * over its events. Bounded: it grows with functions, call paths, lines and threads of
 * the program, not with the length of its trace.
 *
 *   cursor -> pmt_model_add_event -> ... -> pmt_model_finish -> tables, views, gate
 *
 * A record's changes belong to the call that ran until it, so they are charged before
 * the record moves the shadow stack.
 */
#ifndef PMT_ANALYSIS_MODEL_H
#define PMT_ANALYSIS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/block_history.h"
#include "analysis/blocks.h"
#include "analysis/collections.h"
#include "analysis/fragmentation.h"
#include "analysis/functions.h"
#include "analysis/gaps.h"
#include "analysis/lines.h"
#include "analysis/marks.h"
#include "analysis/peaks.h"
#include "analysis/streams.h"
#include "analysis/stretch.h"
#include "analysis/timeline.h"
#include "analysis/tree.h"
#include "analysis/tree_nodes.h"
#include "analysis/types.h"
#include "analysis/when.h"
#include "base/attr.h"
#include "reader/cursor.h"
#include "reader/tables.h"

struct pmt_model_options {
	bool by_thread;      /* a thread's calls under a node of its own */
	uint32_t node_limit; /* of the tree; 0: PMT_TREE_NODE_LIMIT */
	/* Counts, times, samples, losses and nothing that needs stacks: no functions, no
	 * tree, no timeline of events. */
	bool counts_only;
	/* ALLOC and FREE records as a live set: the tree, functions and lines have of
	 * single blocks what that has, to the moment where it ends. Without it they have
	 * all of them, in less time. */
	bool with_block_history;
	struct pmt_block_history_options block_history;
	/* The model as it was at a moment of the stretch: what is behind it is counted
	 * only. */
	struct pmt_stretch_options stretch;
	enum pmt_until until;
	/* END, or what block_history.to_tick is made of: pmt_analysis_open does that. */
	struct pmt_when block_history_to;
};

/* Which figures this trace holds; what it does not hold is unknown, not zero. */
struct pmt_measured {
	bool calls;   /* every call is there: call counts mean something */
	bool paths;   /* who called whom: by calls, or by the stacks of blocks */
	bool mallocs; /* allocated and freed */
	bool objects;
	bool rss;
	bool mapped;
	bool lines;
	bool blocks; /* single ones: what is live is known */
	bool types;  /* objects by type */
};

struct pmt_record_counts {
	uint64_t events; /* enters, leaves, lines, C calls and points: what ran */
	uint64_t enters;
	uint64_t lines;
	uint64_t points;
	uint64_t blocks;  /* allocations and frees */
	uint64_t allocs;  /* of these, allocations */
	uint64_t skipped; /* events that points stand for and that were not written */
	uint64_t samples;
	uint64_t losses; /* loss records */
	uint64_t lost;   /* events that they speak of */
};

/* What is live as the process summed it: the last state and the last of each place. */
struct pmt_live_sums_read {
	uint64_t state_count;
	struct pmt_live_state state; /* with a state_count */
	struct pmt_places places;
};

struct pmt_model {
	struct pmt_model_options options;
	const struct pmt_tables *tables; /* borrowed */
	uint32_t page_bytes;
	uint64_t sample_mean_bytes; /* 0: every block is there, no figure an estimate */
	struct pmt_functions functions;
	struct pmt_tree tree;
	struct pmt_streams streams;
	struct pmt_lines lines;
	struct pmt_blocks blocks;
	struct pmt_tree_nodes tree_nodes;
	struct pmt_live_sums_read live; /* detail=live */
	struct pmt_timeline timeline;
	struct pmt_peaks peaks;
	struct pmt_marks marks;
	struct pmt_types types;
	struct pmt_collections collections;     /* gc=1 */
	struct pmt_block_history block_history; /* with_block_history */
	struct pmt_fragmentation fragmentation; /* the same */
	struct pmt_stretch stretch;
	bool is_over; /* the moment of options.until was met */
	struct pmt_measured measured;
	struct pmt_record_counts counts;
	struct pmt_figures totals;
	uint64_t first_tick; /* of the trace, from the first event on */
	uint64_t last_tick;
	uint64_t first_loss_tick; /* with counts.losses or gap_count */
	uint64_t last_loss_tick;
	uint64_t gap_count;
	uint64_t gap_bytes;
	struct pmt_gaps gaps;
	uint64_t summed_since_tick; /* first TREE_BEGIN; 0: every call is an event */
	bool summed_after_events;   /* and there were events before it: max_size */
	uint8_t flags_seen;         /* enum pmt_record_flag of all records */
	uint32_t by_code[4096];     /* function + 1 of small code ids: saves the map */
};

/* page_bytes, ticks_per_second: of the trace's header. tables must outlive the model and
 * know what the events define (give the cursor the same). 0 or -ENOMEM; then close. */
int pmt_model_init(struct pmt_model *model, const struct pmt_tables *tables,
		   uint32_t page_bytes, uint64_t ticks_per_second,
		   const struct pmt_model_options *options) PMT_MUST_CHECK;
void pmt_model_close(struct pmt_model *model);

/* Events in the order of time. 0, -ENOMEM, or -EOVERFLOW (deeper than any program). */
int pmt_model_add_event(struct pmt_model *model,
			const struct pmt_event *event) PMT_MUST_CHECK;

/* Behind the last event. 0 or -ENOMEM. */
int pmt_model_finish(struct pmt_model *model) PMT_MUST_CHECK;

/* Whether single blocks, or sums of them, were recorded and calls were not: then nobody
 * knows which call ran. Behind finish. */
bool pmt_model_is_of_blocks(const struct pmt_model *model);

/* Whether what is known of lines is known of the stacks of blocks: neither how often they
 * ran nor what they did to the resident set. */
bool pmt_model_lines_are_of_blocks(const struct pmt_model *model);

/* Whether `thread` names the stream `number`, as below. */
bool pmt_model_is_thread(const struct pmt_model *model, uint32_t number,
			 const char *thread);

enum { PMT_THREAD_NAME_BYTES = 256 };

/* "[thread 2: worker]", "[process]" of stream 0. */
void pmt_model_thread_name(const struct pmt_model *model, uint32_t number,
			   char text[PMT_THREAD_NAME_BYTES]);

/* After finish: keeps only the threads that `thread` names (a stream number, a thread id
 * or a glob over names) in the tree. Needs by_thread. Returns how many there are. */
uint32_t pmt_model_select_threads(struct pmt_model *model, const char *thread);

#endif
