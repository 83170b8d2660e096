/* The drain's thread as a thread; see own_thread.h. What it does is in drain.c. */
#include "drain/own_thread.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "os/process_stat.h"
#include "os/sys.h"
#include "rss/own_memory.h"
#include "thread.h"

enum {
	STACK_BYTES = 128 * 1024,
	GUARD_BYTES = 65536, /* a page of any size */
	GONE_POLLS = 200,
	GONE_POLL_NS = 50000,
};

/* The thread's stack, resident for good: pages that come and go with a thread of ours
 * would be found by the program's next reading. Not wiped by a fork, as libc keeps its
 * own notes on the thread there; in use, it is left to them and a child takes another.
 * Whoever starts and stops the thread writes. */
static char *stack;
static bool is_stack_in_use;

/* A new stack, or the one that a thread had before; NULL when there is no memory. */
static char *take_stack(void)
{
	if (!stack || is_stack_in_use) {
		char *at = pmt_sys_mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_NONE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
		if (pmt_sys_is_error(at))
			return NULL;
		stack = at + GUARD_BYTES;
		pmt_sys_madvise(stack, STACK_BYTES, MADV_NOHUGEPAGE);
		pmt_sys_mprotect(stack, STACK_BYTES, PROT_READ | PROT_WRITE);
		pmt_own_populate(stack, STACK_BYTES);
	}
	is_stack_in_use = true;
	return stack;
}

int pmt_own_thread_start(pthread_t *ret_thread, void *(*run)(void *))
{
	pthread_attr_t attr;
	sigset_t all, before;

	if (!take_stack())
		return -ENOMEM;
	int error = pthread_attr_init(&attr);
	if (error)
		goto out;
	pthread_attr_setstack(&attr, stack, STACK_BYTES);
	sigfillset(&all);
	/* The thread inherits a full mask: no signal of the program lands on it. */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(ret_thread, &attr, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
out:
	if (error)
		is_stack_in_use = false;
	return -error;
}

/* pthread_join returns when the kernel clears the tid, a little before the thread leaves
 * the process's count; CPython 3.12+ warns at fork if it still sees it there. */
static void wait_until_uncounted(uint64_t count_with_it)
{
	struct timespec pause = {0, GONE_POLL_NS};
	struct pmt_process_stat stat;

	for (int i = 0; i < GONE_POLLS; i++) {
		if (!pmt_process_stat_read(0, &stat) || stat.thread_count < count_with_it)
			return;
		pmt_sys_clock_nanosleep(CLOCK_MONOTONIC, 0, &pause);
	}
}

uint64_t pmt_own_thread_count(void)
{
	struct pmt_process_stat stat = {0};

	pmt_process_stat_read(0, &stat);
	return stat.thread_count;
}

void pmt_own_thread_join(pthread_t thread, uint64_t count_with_it)
{
	pthread_join(thread, NULL);
	is_stack_in_use = false;
	wait_until_uncounted(count_with_it);
}

static void *rehearsal_main(void *unused)
{
	prctl(PR_SET_NAME, "pymemtrace", 0, 0, 0);
	return unused;
}

void pmt_own_thread_rehearse(void)
{
	struct pmt_thread *t = pmt_self;
	uint64_t count = pmt_own_thread_count();
	pthread_t thread = 0;

	if (t && t->emitter.in_malloc) /* of a forked child: some pages are its then */
		return;
	struct pmt_deltas before = pmt_thread_begin_ours(t);
	if (pmt_own_thread_start(&thread, rehearsal_main) == 0)
		pmt_own_thread_join(thread, count + 1);
	pmt_thread_end_ours(t, &before);
}
