/*
 * The bounds of a thread's stack, and its share; see stack_guard.h. They are asked for
 * once a thread, at its first call; the main thread's limit again whenever its share
 * seems used up, because a program may raise it on the way (setrlimit).
 *
 * A share of a quarter: beyond it everything is as without us, so that a program which
 * comes within a few percent of its stack's end still does not reach it.
 */
#include <config.h>

#include "python/stack_guard.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "os/sys.h"

enum {
	SHARE = 4,
	/* A recursion of 1000, the limit most programs keep, fits into this. */
	SHARE_BYTES_LEAST = 640 * 1024,
};

/* Of the first thread: from its top, where the kernel put the program's name, down to the
 * limit. False for a thread that merely has the process's id, as after a fork. */
static bool find_main(struct pmt_stack *stack, uintptr_t at)
{
	struct rlimit limit;
	uintptr_t high = getauxval(AT_EXECFN);

	if (!high || pmt_sys_gettid() != pmt_sys_getpid() ||
	    pmt_sys_getrlimit(RLIMIT_STACK, &limit) < 0)
		return false;
	stack->high = high;
	stack->low = limit.rlim_cur < high ? high - limit.rlim_cur : 0;
	return at >= stack->low && at < stack->high;
}

/* libc knows it. It allocates for it: our memory, not the program's. */
static bool find_other(struct pmt_thread *t, uintptr_t at)
{
	struct pmt_deltas before = pmt_thread_begin_ours(t);
	pthread_attr_t attr;
	void *low;
	size_t size;
	bool found = false;

	if (pthread_getattr_np(pthread_self(), &attr) == 0) {
		found = pthread_attr_getstack(&attr, &low, &size) == 0;
		pthread_attr_destroy(&attr);
	}
	pmt_thread_end_ours(t, &before);
	if (!found)
		return false;
	t->stack.low = (uintptr_t)low;
	t->stack.high = (uintptr_t)low + size;
	return at >= t->stack.low && at < t->stack.high;
}

static uintptr_t share_of(const struct pmt_stack *stack)
{
	uintptr_t size = stack->high - stack->low;
	uintptr_t most = size / 8 * 5; /* of a small stack */

	if (size / SHARE > SHARE_BYTES_LEAST)
		return size / SHARE;
	return most < SHARE_BYTES_LEAST ? most : SHARE_BYTES_LEAST;
}

bool pmt_stack_guard_look_self(struct pmt_thread *t, uintptr_t at)
{
	if (!find_main(&t->stack, at) && !find_other(t, at)) {
		/* On a stack of the program's own making: nobody knows its end. */
		t->stack.reach = UINTPTR_MAX;
		return false;
	}
	t->stack.reach = ~(t->stack.high - share_of(&t->stack));
	return ~at > t->stack.reach;
}
