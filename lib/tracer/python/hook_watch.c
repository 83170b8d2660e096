/*
 * The verdict on a replaced evaluator; see hook_watch.h. Comes in: audit events, with the
 * GIL, which on these versions is one for all. The evaluator's address tells that it was
 * replaced; that it still calls ours is told by an enter since, and that it does not by
 * another function's running without any event in between. The leaves of calls that began
 * before come in either case.
 */
#include "python/hook_watch.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "os/say.h"
#include "python/api.h"
#include "python/c_function.h"
#include "python/code_ids.h"
#include "python/hook.h"
#include "run/run.h"
#include "thread.h"

enum {
	FRAME_CODE = 32, /* PyFrameObject.f_code, 3.8 to 3.10; in what is inside, 3.11 */
	FRAME311_INNER = 24, /* PyFrameObject.f_frame */
};

static struct {
	bool extra_events; /* lines, C calls, blocks come by other hooks */
	bool filtered;     /* calls may have no events */
	bool noticed;
	bool settled; /* one way or the other */
	struct pmt_thread *thread;
	uint64_t event_count;
	uint64_t depth;
	const void *code;
} watch;

void pmt_hook_watch_start(const struct pmt_options *options)
{
	watch.extra_events =
	    options->c_calls || (options->modes & (PMT_MODE_LINES | PMT_MODE_ALLOCS));
	watch.filtered = options->include.count + options->exclude.count != 0;
}

/* The function that runs; 3.11 makes its frame object for us. */
static const void *running_code(struct pmt_thread *t)
{
	struct pmt_deltas before = pmt_thread_begin_ours(t);

	void *frame = pmt_py.eval_get_frame ? pmt_py.eval_get_frame() : NULL;
	pmt_thread_end_ours(t, &before);
	if (frame && pmt_py.minor == 11)
		frame = PMT_FIELD(void *, frame, FRAME311_INNER);
	return frame ? PMT_FIELD(void *, frame, FRAME_CODE) : NULL;
}

static void remember(struct pmt_thread *t, const void *code)
{
	watch.noticed = true;
	watch.thread = t;
	watch.event_count = t->emitter.event_count;
	watch.depth = t->emitter.depth;
	watch.code = code;
}

static void say_lost(void)
{
	watch.settled = true;
	if (pmt_run_is_on())
		pmt_area_count_loss(&pmt_run->area, PMT_LOSS_DETACHED, 1);
	pmt_say(PMT_SAY_HOOK_LOST,
		"another tool replaced our frame evaluator: calls are no longer traced",
		NULL, NULL);
}

/* Leaves alone make the depth fall: as many events as deep as before hold an enter. */
static bool has_entered(const struct pmt_emitter *e)
{
	if (e->depth > watch.depth)
		return true;
	return !watch.extra_events && e->depth == watch.depth &&
	       e->event_count != watch.event_count;
}

void pmt_hook_watch_gil(void *interpreter)
{
	struct pmt_thread *t = pmt_self;

	if (PMT_LIKELY(!pmt_hook_frame_is_replaced_gil(interpreter))) {
		watch.noticed = watch.settled = false;
		return;
	}
	if (watch.settled || !t || !t->emitter.live)
		return;
	const void *code = running_code(t);
	if (!watch.noticed || watch.thread != t ||
	    watch.event_count != t->emitter.event_count) {
		watch.settled =
		    watch.noticed && watch.thread == t && has_entered(&t->emitter);
		remember(t, code);
	} else if (code != watch.code && !watch.filtered) {
		say_lost();
	}
}

void pmt_hook_watch_end_gil(void *interpreter)
{
	if (!pmt_hook_frame_is_replaced_gil(interpreter) || watch.settled)
		return;
	if (watch.noticed && watch.thread == pmt_self && has_entered(&pmt_self->emitter))
		return;
	say_lost();
}
