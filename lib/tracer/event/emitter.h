/*
 * What a thread needs to write its events: its place in the ring, the sums it has
 * already written, its clock and its depth. Owner reads and writes; once the thread is
 * dead, the reaper in its place.
 */
#ifndef PMT_TRACER_EVENT_EMITTER_H
#define PMT_TRACER_EVENT_EMITTER_H

#include <stdbool.h>
#include <stdint.h>

#include "format/record.h"
#include "ring/ring.h"

struct pmt_emitter {
	uint32_t live;            /* ready to write; wiped to 0 by a fork */
	uint32_t clock_countdown; /* events until the clock is read again */
	struct pmt_ring ring;
	uint64_t last_tick;
	uint64_t coarse_seen;      /* the coarse clock at the last reading */
	struct pmt_deltas emitted; /* of thread->sums: what records have said */
	uint64_t event_count;      /* enters, leaves, lines and C calls, lost ones too */
	uint64_t depth;            /* calls entered and not left */
	uint64_t floor; /* lowest depth in the stretch that was dropped or paused */
	uint64_t next_checkpoint;   /* stream position from which one is due */
	uint64_t unsaid_loss;       /* events dropped since the last loss record */
	uint32_t loss_cause;        /* of them: enum pmt_loss */
	uint32_t refused_countdown; /* events until a ring is asked for again */
	uint32_t stream;
	uint32_t greeted; /* the hooks' side knows of the thread */
	uint32_t named;   /* the thread's own name has been looked for */
	uint32_t muted;   /* thread= does not select it, or it is not known yet */
	uint32_t paused;  /* nothing is written until a CONTINUE record */
	/* The next two side by side, as they are set in one store. */
	uint32_t busy;      /* a push is under way: a signal handler must not begin one */
	uint32_t in_malloc; /* no thread may be started now */
	uint32_t ours;      /* what is allocated now is the tracer's, not the program's */
	uint64_t last_address; /* of the stream's records about blocks */
	uint32_t checkpoint_count;
	uint32_t coded_since; /* checkpoint at which the memory of blocks began anew */
	uint32_t
	    sums_countdown; /* readings of the clock until blocks' records have sums */
	uint32_t summed; /* TREE_BEGIN is said: `emitted` is in records or in contexts */
	struct pmt_deltas recorded; /* then: of `emitted`, what records have said */
};

#endif
