/*
 * Where records are missing from the trace: which positions of which stream, between
 * which moments, and how many events, as far as the checkpoints around it tell.
 */
#ifndef PMT_ANALYSIS_GAPS_H
#define PMT_ANALYSIS_GAPS_H

#include <stdbool.h>
#include <stdint.h>

enum { PMT_GAPS_KEPT = 64 };

struct pmt_gap {
	uint32_t stream;
	uint64_t from_position;
	uint64_t bytes;
	uint64_t from_tick; /* the last known moment before it; 0: the stream's begin */
	uint64_t to_tick;   /* the next checkpoint behind it; 0: there is none */
	uint64_t event_count;
	bool is_count_known;
};

/* The first of them, in the order of time; all zero at the start. */
struct pmt_gaps {
	struct pmt_gap kept[PMT_GAPS_KEPT];
	uint32_t kept_count;
	uint64_t event_count; /* missing in all whose count is known */
	bool has_unknown;     /* and in some nobody knows how many */
};

/* What a stream keeps for it; all zero at the start. */
struct pmt_gap_state {
	uint64_t lost_count;    /* by its loss records */
	uint64_t missing_count; /* events in its gaps so far */
	uint32_t open_count;    /* gaps since the last checkpoint */
	uint32_t first_open;    /* the first of these in kept, or PMT_GAPS_KEPT */
	bool is_count_useless;  /* checkpoints count events that were never written */
};

struct pmt_model;
struct pmt_stream_state;
struct pmt_event;
struct pmt_checkpoint;

/* The event is a gap; the stream's last_tick is still that before it. */
void pmt_gaps_begin(struct pmt_model *model, struct pmt_stream_state *stream,
		    const struct pmt_event *event);

/* At each checkpoint of a stream. */
void pmt_gaps_end(struct pmt_model *model, struct pmt_stream_state *stream,
		  const struct pmt_checkpoint *point);

/* Behind the last event: gaps that no checkpoint ended. */
void pmt_gaps_finish(struct pmt_model *model);

#endif
