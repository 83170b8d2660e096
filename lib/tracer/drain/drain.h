/*
 * The drain: a thread of ours that moves what the rings hold into the trace, takes the
 * interval samples and looks for threads that died. It blocks all signals, holds no
 * descriptor between two writes, and is not there while the program forks.
 */
#ifndef PMT_TRACER_DRAIN_DRAIN_H
#define PMT_TRACER_DRAIN_DRAIN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/atomics.h"
#include "ring/ring.h"

/* CPython 3.12 and newer looks for threads right after fork, and warns. */
enum { PMT_DRAIN_AFTER_FORK_NS = 20000000 };

enum pmt_drain_state {
	PMT_DRAIN_NONE = 0, /* and in a child that was just forked */
	PMT_DRAIN_STARTING,
	PMT_DRAIN_RUNNING,
	PMT_DRAIN_STOPPING, /* one thread joins it; the others wait for that one */
};

struct pmt_drain {
	pthread_t thread;
	/* Whether the thread exists. Passing states end by the store of who made them. */
	_Atomic uint32_t state;
	_Atomic uint32_t changer; /* its tid while STARTING or STOPPING, or 0 */
	_Atomic uint32_t stop;    /* it shall end */
	_Atomic uint32_t wake;    /* futex: grows with each wake-up */
	_Atomic uint32_t sleeping;
	/* Futex mutex: 0 free, or the holder's tid, with the top bit when waited for. In
	 * one word, so that a signal handler always knows whom it interrupted. */
	_Atomic uint32_t lock;
	_Atomic uint32_t refused;       /* no thread was to be had, at least once */
	_Atomic uint64_t not_before_ns; /* after a fork: no new thread until then */
	_Atomic uint32_t dump_wanted;   /* whoever wants one sets it */
	uint64_t next_sample_ns;
	uint64_t first_sample_ns;
	uint64_t next_flush_ns;
	uint64_t next_reap_ns;
	uint64_t next_contexts_ns;
	uint64_t contexts_pause_ns; /* doubles each time */
	uint64_t first_types_ns;
	uint64_t next_types_ns;
	bool is_left_alone; /* no thread of the program is left */
};

/* Starts the thread if it is wanted and not there. From a thread's event, never from a
 * malloc hook, never in an atfork handler. */
void pmt_drain_start(void);

/* Ends the thread and waits until the kernel no longer counts it; when another thread is
 * at it, until that one has done so. From a signal handler that interrupted the start,
 * the stop or a holder of the lock it does nothing: that would be to wait for itself. */
void pmt_drain_stop(void);

/* Makes the thread write everything that is known, at once or when it comes to be there.
 * In signal handlers too. */
void pmt_drain_want_dump(void);

/* Takes everything that is in the rings now; drain lock held inside. */
void pmt_drain_flush(void);

/* Mutual exclusion of those who act as the drain. */
void pmt_drain_lock(void);
bool pmt_drain_try_lock(void);
void pmt_drain_unlock(void);

/* In a signal handler: the interrupted code holds the lock, it cannot be taken. */
bool pmt_drain_is_held_by_me(void);

/* pmt_ring_pressure_fn of all rings of this process. */
bool pmt_drain_pressure(struct pmt_ring *ring, bool must_wait);

#endif
