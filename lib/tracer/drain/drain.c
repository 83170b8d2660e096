/*
 * The life of the drain thread; see drain.h. What it does in a pass is in pass.c, the
 * samples in sample.c.
 */
#include "drain/drain.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include "drain/contexts.h"
#include "drain/dump.h"
#include "drain/live.h"
#include "drain/own_thread.h"
#include "drain/pass.h"
#include "drain/sample.h"
#include "drain/types.h"
#include "event/emit.h"
#include "os/clock.h"
#include "os/process_stat.h"
#include "os/say.h"
#include "os/sys.h"
#include "run/run.h"

enum {
	TICK_NS = 10000000, /* the coarse clock's step while something happens */
	FLUSH_NS =
	    1000000000, /* what lies in a ring goes to the trace at least so often */
	REAP_NS = 100000000,
	CONTEXTS_NS = 1000000000,
	SAMPLE_SHARE = 200,
	TYPES_NS = 1000000000,
	TYPES_SHARE = 20, /* of the time so far: the file grows with its logarithm */
	FULL_WAIT_NS = 100000000, /* a producer waits at most so long */
	REFUSED_NS = 500000000,   /* no thread to be had: not asked at each event */
	POLL_NS = 50000,
	STOP_WAIT_NS = 1000000000, /* for another thread that starts or stops it */
};

/* With the holder's tid in the lock: somebody may be waiting for it. */
#define LOCK_WAITED 0x80000000u

static void nap(void)
{
	struct timespec pause = {0, POLL_NS};

	pmt_sys_clock_nanosleep(CLOCK_MONOTONIC, 0, &pause);
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t ns)
{
	struct timespec timeout = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	pmt_sys_futex(word, FUTEX_WAIT_PRIVATE, value, &timeout, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
	pmt_sys_futex(word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/* Relaxed: a thread can only find its own tid if it put it there itself. */
bool pmt_drain_is_held_by_me(void)
{
	return (pmt_load32_relaxed(&pmt_run->drain.lock) & ~LOCK_WAITED) ==
	       (uint32_t)pmt_sys_gettid();
}

bool pmt_drain_try_lock(void)
{
	return pmt_cas32(&pmt_run->drain.lock, 0, (uint32_t)pmt_sys_gettid());
}

void pmt_drain_lock(void)
{
	_Atomic uint32_t *lock = &pmt_run->drain.lock;
	uint32_t me = (uint32_t)pmt_sys_gettid();

	if (pmt_cas32(lock, 0, me))
		return;
	/* Others may wait besides us: who had to wait wakes them in any case. */
	while (!pmt_cas32(lock, 0, me | LOCK_WAITED)) {
		uint32_t seen = pmt_load32_relaxed(lock);
		if (seen &&
		    ((seen & LOCK_WAITED) || pmt_cas32(lock, seen, seen | LOCK_WAITED)))
			futex_wait(lock, seen | LOCK_WAITED, 1000000000u);
	}
}

void pmt_drain_unlock(void)
{
	_Atomic uint32_t *lock = &pmt_run->drain.lock;

	if (atomic_exchange_explicit(lock, 0, memory_order_release) & LOCK_WAITED)
		futex_wake(lock);
}

void pmt_drain_flush(void)
{
	pmt_drain_lock();
	pmt_pass_take_locked(1);
	pmt_drain_unlock();
}

/*
 * Contexts and rows are safe in the ring's file; where that is lost too (no shared
 * memory, the machine went down), the trace has them as they were half of the time ago.
 * Ever less often, or a long run would be nothing but copies.
 */
static void write_contexts(struct pmt_drain *d, uint64_t now)
{
	if (!d->contexts_pause_ns) {
		d->contexts_pause_ns = CONTEXTS_NS;
	} else {
		pmt_contexts_write_all_locked();
		pmt_live_write_locked(PMT_LIVE_PERIODIC);
	}
	d->next_contexts_ns = now + d->contexts_pause_ns;
	d->contexts_pause_ns *= 2;
}

/* Counts of types are nowhere else: a kill costs a second of them, or a twentieth of the
 * time that was counted. */
static void write_types(struct pmt_drain *d, uint64_t now)
{
	if (!d->first_types_ns)
		d->first_types_ns = now;
	else
		pmt_types_write_locked();
	uint64_t pause = (now - d->first_types_ns) / TYPES_SHARE;
	d->next_types_ns = now + (pause > TYPES_NS ? pause : TYPES_NS);
}

/* With detail=live samples come ever less often: of a week there are some 2000. */
static uint64_t sample_pause(struct pmt_drain *d, uint64_t now)
{
	uint64_t interval = pmt_run->options->interval_ns;

	if (!pmt_options_do_live(pmt_run->options))
		return interval;
	if (!d->first_sample_ns)
		d->first_sample_ns = now;
	uint64_t pause = (now - d->first_sample_ns) / SAMPLE_SHARE;
	return pause > interval ? pause : interval;
}

/* From one state to a passing one, which is then this thread's to end. */
static bool take_state(struct pmt_drain *d, uint32_t from, uint32_t to)
{
	if (!pmt_cas32(&d->state, from, to))
		return false;
	pmt_store32_release(&d->changer, (uint32_t)pmt_sys_gettid());
	return true;
}

static void give_state(struct pmt_drain *d, uint32_t state)
{
	pmt_store32_release(&d->changer, 0);
	pmt_store32_release(&d->state, state);
}

/*
 * Every thread of the program has ended by itself, as a thread that forked does in its
 * child: the process goes on for ours alone. Of its first thread a zombie stays.
 */
static bool is_left_alone(void)
{
	struct pmt_process_stat stat;

	return pmt_process_stat_read(0, &stat) && stat.state == 'Z' &&
	       stat.thread_count == 2;
}

/* Then this thread is the one whose end libc makes the process's, by exit(0): nobody can
 * wait for it any more, and no other one is to begin. */
static void become_last(struct pmt_drain *d)
{
	sigset_t none;

	pmt_store_relaxed(&d->not_before_ns, UINT64_MAX);
	give_state(d, PMT_DRAIN_NONE);
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* What is due now; returns the nanoseconds until something is due again. */
static uint64_t work(struct pmt_drain *d)
{
	uint64_t now = pmt_clock_monotonic_ns();
	uint64_t interval = pmt_run->options->interval_ns;
	uint64_t least = pmt_run->area.header->slot_data_bytes / 4;

	/* Acquire and release: what was done before it was wanted is in it. */
	if (pmt_load32_relaxed(&d->dump_wanted) && pmt_cas32(&d->dump_wanted, 1, 0))
		pmt_dump_now(PMT_LIVE_ASKED);
	pmt_drain_lock();
	if (now >= d->next_flush_ns) {
		d->next_flush_ns = now + FLUSH_NS;
		least = 1;
	}
	uint64_t taken = pmt_pass_take_locked(least);
	if (now >= d->next_reap_ns) {
		d->next_reap_ns = now + REAP_NS;
		pmt_pass_reap_locked();
		d->is_left_alone = is_left_alone();
	}
	if (interval && now >= d->next_sample_ns &&
	    pmt_trace_file_has_room(&pmt_run->trace)) {
		d->next_sample_ns = now + sample_pause(d, now);
		pmt_sample_take_locked();
	}
	if (now >= d->next_contexts_ns && pmt_trace_file_has_room(&pmt_run->trace))
		write_contexts(d, now);
	if (now >= d->next_types_ns && pmt_trace_file_has_room(&pmt_run->trace))
		write_types(d, now);
	pmt_drain_unlock();
	if (taken)
		return TICK_NS;
	return interval && interval < REAP_NS ? interval : REAP_NS;
}

static void *drain_main(void *unused)
{
	struct pmt_drain *d = &pmt_run->drain;

	struct pmt_thread *t = pmt_thread_self();

	(void)unused;
	if (t)
		t->emitter.ours = 1;
	prctl(PR_SET_NAME, "pymemtrace", 0, 0, 0);
	while (!pmt_load32_acquire(&d->stop)) {
		uint32_t seen = pmt_load32_acquire(&d->wake);
		/* Relaxed: a hint for threads that slept, see emit.h. */
		pmt_store_relaxed(&pmt_emit_coarse_clock, pmt_clock_ticks());
		uint64_t ns = work(d);
		if (d->is_left_alone) {
			become_last(d);
			break;
		}
		pmt_store32_release(&d->sleeping, 1);
		futex_wait(&d->wake, seen, ns);
		pmt_store32_release(&d->sleeping, 0);
	}
	return NULL;
}

void pmt_drain_start(void)
{
	struct pmt_drain *d = &pmt_run->drain;
	struct pmt_thread *t = pmt_self;
	int saved = errno;

	if (pmt_load32_relaxed(&d->state) != PMT_DRAIN_NONE || !pmt_run_is_on() ||
	    (t && t->emitter.in_malloc) ||
	    pmt_clock_monotonic_ns() < pmt_load_relaxed(&d->not_before_ns) ||
	    !take_state(d, PMT_DRAIN_NONE, PMT_DRAIN_STARTING))
		return;
	/* pthread_create allocates: that is our memory, not the program's. */
	struct pmt_deltas before = pmt_thread_begin_ours(t);
	pmt_store32_release(&d->stop, 0);
	int error = pmt_own_thread_start(&d->thread, drain_main);
	if (error < 0) {
		pmt_store32_release(&d->refused, 1);
		pmt_say(PMT_SAY_DRAIN,
			"no thread to write the trace with: ", pmt_say_errno(error),
			": the program's own write it, without samples");
		pmt_store_relaxed(&d->not_before_ns,
				  pmt_clock_monotonic_ns() + REFUSED_NS);
	} else {
		pmt_store32_release(&pmt_emit_drain_missing, 0);
	}
	give_state(d, error < 0 ? PMT_DRAIN_NONE : PMT_DRAIN_RUNNING);
	pmt_thread_end_ours(t, &before);
	errno = saved;
}

/*
 * Makes the thread this thread's to end. False when there is none any more: where another
 * is ending it, only then. Not waited for without end, nor when a handler interrupted the
 * very thread that starts or ends it, or holds the lock that it may wait for.
 */
static bool take_running(struct pmt_drain *d)
{
	uint32_t me = (uint32_t)pmt_sys_gettid();
	uint64_t deadline = 0;

	while (pmt_load32_acquire(&d->state) != PMT_DRAIN_NONE) {
		if (pmt_drain_is_held_by_me() || pmt_load32_relaxed(&d->changer) == me)
			return false;
		if (take_state(d, PMT_DRAIN_RUNNING, PMT_DRAIN_STOPPING))
			return true;
		uint64_t now = pmt_clock_monotonic_ns();
		if (!deadline)
			deadline = now + STOP_WAIT_NS;
		if (now >= deadline)
			return false;
		nap();
	}
	return false;
}

void pmt_drain_stop(void)
{
	struct pmt_drain *d = &pmt_run->drain;
	struct pmt_thread *t = pmt_self;
	int saved = errno;

	if (!take_running(d))
		return;
	/* What pthread_create got is given back. */
	struct pmt_deltas before = pmt_thread_begin_ours(t);
	uint64_t count = pmt_own_thread_count();
	pmt_store_relaxed(&d->not_before_ns,
			  pmt_clock_monotonic_ns() + PMT_DRAIN_AFTER_FORK_NS);
	pmt_store32_release(&d->stop, 1);
	pmt_add32_relaxed(&d->wake, 1);
	futex_wake(&d->wake);
	pmt_own_thread_join(d->thread, count);
	pmt_store32_release(&pmt_emit_drain_missing, 1);
	give_state(d, PMT_DRAIN_NONE);
	pmt_thread_end_ours(t, &before);
	errno = saved;
}

static void wake_drain(struct pmt_drain *d)
{
	pmt_add32_relaxed(&d->wake, 1);
	if (pmt_load32_acquire(&d->sleeping))
		futex_wake(&d->wake);
}

void pmt_drain_want_dump(void)
{
	pmt_store32_release(&pmt_run->drain.dump_wanted, 1);
	wake_drain(&pmt_run->drain);
}

/* Without a drain thread the producer does its work; see design of fork in fork.c. */
static bool take_it_myself(const struct pmt_ring *ring, uint64_t tail)
{
	pmt_drain_lock();
	pmt_pass_take_locked(1);
	pmt_drain_unlock();
	return pmt_load_acquire(&ring->slot->tail) != tail;
}

bool pmt_drain_pressure(struct pmt_ring *ring, bool must_wait)
{
	struct pmt_drain *d = &pmt_run->drain;
	/* Not as it is now: an empty ring's would never move again. */
	uint64_t tail = ring->seen_tail;
	int saved = errno;
	bool moved = true;

	/* Whoever acts as the drain would wait for itself. */
	if (pmt_drain_is_held_by_me())
		return false;
	pmt_drain_start();
	if (!must_wait) {
		wake_drain(d);
		errno = saved;
		return true;
	}
	if (pmt_load32_acquire(&d->state) == PMT_DRAIN_NONE) {
		moved = take_it_myself(ring, tail);
		errno = saved;
		return moved;
	}
	uint64_t deadline = pmt_clock_monotonic_ns() + FULL_WAIT_NS;
	while (pmt_load_acquire(&ring->slot->tail) == tail) {
		if (pmt_clock_monotonic_ns() >= deadline) {
			moved = false;
			break;
		}
		wake_drain(d);
		nap();
	}
	errno = saved;
	return moved;
}
