/*
 * The tracing of this process: options, identity, area, trace, drain, from the first
 * Python event to the end. What must not outlive a fork is in one structure of memory
 * that the kernel wipes in every child, by raw clone too: a child finds zeros, takes the
 * slow path at its first event and begins a trace of its own.
 */
#ifndef PMT_TRACER_RUN_RUN_H
#define PMT_TRACER_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/options.h"
#include "drain/drain.h"
#include "drain/trace_file.h"
#include "event/emitter.h"
#include "live/rows.h"
#include "ring/area.h"

struct pmt_thread;

enum pmt_run_state {
	PMT_RUN_NONE = 0, /* not begun, or a child that has not had an event yet */
	PMT_RUN_STARTING,
	PMT_RUN_ON,
	PMT_RUN_CLOSED,
	PMT_RUN_REFUSED, /* could not begin; said why */
};

struct pmt_run {
	_Atomic uint32_t state; /* whoever starts or ends it writes, release */
	pid_t pid;
	uint64_t page_bytes;
	uint64_t clock_ticks_per_second;
	const struct pmt_options *options;
	struct pmt_file_header header;
	struct pmt_area area;
	struct pmt_trace_file trace;
	struct pmt_drain drain;
	/* Of area.header->lost, by cause: what loss records have said. Any thread adds.
	 */
	_Atomic uint64_t said_lost[PMT_LOSS_COUNT];
	/* Of blocks of contexts, but for each thread's first. Any thread adds. */
	_Atomic uint64_t context_bytes;
	struct pmt_live_rows live;  /* detail=live */
	bool is_full;               /* max_size: summing began, and it was said */
	struct pmt_emitter process; /* stream 0; whoever holds the drain lock */
};

/* NULL until pmt_run_prepare; then fixed for the life of the program. */
extern PMT_HIDDEN struct pmt_run *pmt_run;

/* From the library's constructor, once: remembers options and the directory that a
 * relative `out` is meant from. 0 or a negative errno. */
int pmt_run_prepare(const struct pmt_options *options);

static inline bool pmt_run_is_on(void)
{
	return pmt_run && pmt_load32_acquire(&pmt_run->state) == PMT_RUN_ON;
}

/* Begins the trace of this process: at the attachment to Python, and in a forked child
 * at its first event. True when it is on. Takes no Python call. */
bool pmt_run_start(void);

/* From the child's side of a fork, on the thread that forked: such a child leaves a trace
 * when it ends by _exit, even if no Python event came in it. */
void pmt_run_note_fork(void);

/* Writes everything that is in the rings and the end record; reason is enum pmt_end.
 * For the last moments: nothing is traced afterwards. Idempotent. In a signal handler
 * that interrupted a holder of the drain lock nothing: the ring is left, as after a kill.
 */
void pmt_run_end(unsigned reason, int64_t status);

/* The status that exit(3) was called with, for the end of a process. */
int pmt_run_exit_status(void);

/* As pmt_run_end, for an exec that may still fail. */
void pmt_run_suspend_for_exec(void);

/* Counters of a thread without events, as a record of stream 0. Drain lock held. */
void pmt_run_add_native_sums(struct pmt_run *run, struct pmt_thread *t);

/* The trace comes to max_size: from the threads' next events on, calls are summed. */
void pmt_run_go_on_summing_locked(struct pmt_run *run);

/* The interpreter's version, a text that stays: for this trace and those of children. */
void pmt_run_know_python(const char *version);

/* Facts known later than the beginning, as info records. */
void pmt_run_add_info(const char *key, const char *value);

#endif
