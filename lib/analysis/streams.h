/*
 * What an analysis keeps of each stream (a thread; stream 0 is the process's own): its
 * shadow stack while the trace is read, and its totals.
 */
#ifndef PMT_ANALYSIS_STREAMS_H
#define PMT_ANALYSIS_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/figures.h"
#include "analysis/gaps.h"
#include "analysis/map.h"
#include "analysis/shadow.h"
#include "base/attr.h"

struct pmt_stream_state {
	uint32_t number;
	struct pmt_shadow shadow;
	uint32_t root_node;    /* of the tree: above all paths of this stream */
	uint32_t outside_node; /* PMT_FUNCTION_OUTSIDE below it, 0 until needed */
	/* The next changes span records that were lost (PMT_FUNCTION_UNKNOWN) or never
	 * written (PMT_FUNCTION_PAUSED): nobody knows whose they are. 0: none of this. */
	uint32_t span_function;
	bool has_points;            /* min_rss, min_alloc: no stack; see add_point */
	uint64_t point_depth;       /* with has_points: after the last one */
	bool is_depth_unknown;      /* behind a gap, until a checkpoint tells */
	struct pmt_deltas seen;     /* sums of its records, to compare with checkpoints */
	uint64_t record_rise_pages; /* of these, the rises of RSS */
	struct pmt_figures totals;  /* calls; all figures after pmt_model_finish */
	uint64_t event_count;       /* enters, leaves, lines, C calls */
	uint64_t gap_count;
	uint64_t gap_bytes;
	struct pmt_gap_state gaps;
	uint64_t pause_count;
	int64_t peak_heap_bytes; /* highest allocated minus freed of this thread alone */
	uint32_t depth_max;
	/* TREE_BEGIN: no more events, its calls are tree nodes. */
	bool is_summed;
	uint32_t *open_nodes; /* of the tree: the calls that ran then, outermost first */
	uint32_t open_count;
	uint64_t first_tick; /* of its records; 0 when unknown */
	uint64_t last_tick;
};

/* All zero is an empty set that owns nothing. */
struct pmt_streams {
	struct pmt_stream_state *items;
	uint32_t count;
	uint32_t capacity;
	struct pmt_map by_number;
	uint32_t recent; /* index asked for last */
};

void pmt_streams_close(struct pmt_streams *streams);

/* False for the process's own stream, unless threads without Python did something. */
static inline bool pmt_streams_is_thread(const struct pmt_stream_state *s)
{
	return s->number != 0 || s->event_count > 0 || s->totals.allocated_count > 0;
}

/* How many are. */
uint32_t pmt_streams_thread_count(const struct pmt_streams *streams);

/* The slow path of pmt_streams_get. */
int pmt_streams_find(struct pmt_streams *streams, uint32_t number,
		     struct pmt_stream_state **ret_stream) PMT_MUST_CHECK;

/* The state of a stream, made at its first use with root_node 0; valid until the next
 * call. 0 or -ENOMEM. */
PMT_MUST_CHECK static inline int pmt_streams_get(struct pmt_streams *streams,
						 uint32_t number,
						 struct pmt_stream_state **ret_stream)
{
	if (streams->recent < streams->count &&
	    streams->items[streams->recent].number == number) {
		*ret_stream = &streams->items[streams->recent];
		return 0;
	}
	return pmt_streams_find(streams, number, ret_stream);
}

#endif
