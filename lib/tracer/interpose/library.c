/*
 * The library's own beginning and end. The constructor only reads the configuration: in
 * a program that is not Python nothing else ever happens.
 */

#include <config.h>

#include <pthread.h>
#include <stdlib.h>

#include "base/options.h"
#include "drain/drain.h"
#include "drain/dump.h"
#include "os/say.h"
#include "python/attach.h"
#include "run/child_env.h"
#include "run/identity.h"
#include "run/run.h"
#include "thread.h"

static struct pmt_options options;
static struct pmt_options_error options_error;

/* The drain thread must not be there while the program forks: CPython 3.12+ counts the
 * threads and warns. It comes back by itself, some events later. */
static void before_fork(void)
{
	if (pmt_run_is_on())
		pmt_drain_stop();
}

__attribute__((constructor)) static void begin(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the constructor, one thread */
	if (pmt_options_parse(&options, getenv("PYMEMTRACE"), &options_error) < 0)
		options.modes = PMT_MODE_OFF;
	pmt_say_init(options.quiet);
	bool is_python = pmt_attach_is_python_process();
	if (options.modes != PMT_MODE_OFF) {
		pmt_identity_init(&options, is_python);
		pmt_child_env_init();
		int error = pmt_run_prepare(&options);
		if (error < 0) {
			if (is_python)
				pmt_say(PMT_SAY_NO_TRACE,
					"running untraced: no memory that a fork wipes: ",
					pmt_say_errno(error), NULL);
			return;
		}
		pthread_atfork(before_fork, NULL, pmt_run_note_fork);
		pmt_counting = is_python;
		if (is_python && options.dump_signal)
			pmt_dump_watch((int)options.dump_signal);
	}
	pmt_attach_prepare(&options, &options_error);
	pmt_attach_at_start();
}

__attribute__((destructor)) static void end(void)
{
	pmt_run_end(PMT_END_EXIT, pmt_run_exit_status());
}
