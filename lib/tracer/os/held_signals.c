/* Signals of our own writes; see held_signals.h. */
#include "os/held_signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "os/sys.h"

enum { KERNEL_SET_BYTES = 8 };

static uint64_t bit_of(int sig)
{
	return (uint64_t)1 << (sig - 1);
}

void pmt_signals_hold(struct pmt_held_signals *ret_held)
{
	uint64_t both = bit_of(SIGXFSZ) | bit_of(SIGPIPE);

	ret_held->mask = ret_held->pending = 0;
	pmt_syscall6(SYS_rt_sigprocmask, SIG_BLOCK, (long)&both, (long)&ret_held->mask,
		     KERNEL_SET_BYTES, 0, 0);
	if (ret_held->mask & both) /* else nothing could be pending */
		pmt_syscall6(SYS_rt_sigpending, (long)&ret_held->pending,
			     KERNEL_SET_BYTES, 0, 0, 0, 0);
}

void pmt_signals_release(const struct pmt_held_signals *held, int64_t result)
{
	uint64_t raised = result == -EFBIG   ? bit_of(SIGXFSZ)
			  : result == -EPIPE ? bit_of(SIGPIPE)
					     : 0;
	const struct timespec now = {0, 0};

	raised &= ~held->pending;
	if (raised) /* to this thread, before the call returned */
		pmt_syscall6(SYS_rt_sigtimedwait, (long)&raised, 0, (long)&now,
			     KERNEL_SET_BYTES, 0, 0);
	pmt_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&held->mask, 0,
		     KERNEL_SET_BYTES, 0, 0);
}
