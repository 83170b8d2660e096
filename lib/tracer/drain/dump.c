/* Dumps; see dump.h. The handler of the signal takes no lock and writes nothing: it wakes
 * the drain. */
#include "drain/dump.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "drain/contexts.h"
#include "drain/live.h"
#include "drain/pass.h"
#include "drain/sample.h"
#include "drain/types.h"
#include "os/say.h"
#include "run/run.h"

bool pmt_dump_now(enum pmt_live_reason reason)
{
	int saved = errno;

	if (!pmt_run_is_on() || pmt_drain_is_held_by_me())
		return false;
	pmt_drain_lock();
	pmt_pass_take_locked(1);
	pmt_contexts_write_all_locked();
	bool written = pmt_types_write_locked() && pmt_live_write_locked(reason);
	pmt_sample_take_locked();
	pmt_pass_take_locked(1);
	pmt_drain_unlock();
	errno = saved;
	return written;
}

/* A child that has no trace yet has nothing to tell. */
static void on_signal(int sig)
{
	(void)sig;
	if (pmt_run_is_on())
		pmt_drain_want_dump();
}

void pmt_dump_watch(int sig)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigaction old;

	if (sigaction(sig, NULL, &old) < 0)
		return;
	if (old.sa_flags & SA_SIGINFO ||
	    (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN)) {
		pmt_say(PMT_SAY_CONFIG,
			"dump_signal= is a signal that the program handles itself: it "
			"writes no state",
			NULL, NULL);
		return;
	}
	sigemptyset(&action.sa_mask);
	sigaction(sig, &action, NULL);
}
