/* The last words of a process in its trace; see run.h. */
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "drain/contexts.h"
#include "drain/live.h"
#include "drain/pass.h"
#include "drain/sample.h"
#include "drain/types.h"
#include "event/context.h"
#include "event/introduce.h"
#include "event/points.h"
#include "format/payload.h"
#include "os/say.h"
#include "os/sys.h"
#include "os/text.h"
#include "run/identity.h"
#include "run/run.h"
#include "sample/sampling.h"
#include "stack/frame_anchor.h"

/* Of the trace: for an end record, a loss and their chunks' headers. */
enum { END_ROOM_BYTES = 512 };

/* verbose=1: what came of it. */
static void say_end(const struct pmt_run *run, uint64_t events)
{
	char line[200];
	struct pmt_text_buffer text;
	uint64_t lost = 0;

	for (unsigned cause = 0; cause < PMT_LOSS_COUNT; cause++)
		if (cause != PMT_LOSS_UNWRITABLE)
			lost += pmt_load_relaxed(&run->area.header->lost[cause]);
	pmt_text_begin(&text, line, sizeof(line));
	pmt_text_put_u64(&text, events);
	pmt_text_put(&text, " events of running threads, ");
	pmt_text_put_u64(&text, lost);
	pmt_text_put(&text, " lost; RSS method ");
	pmt_text_put(&text, pmt_self ? pmt_rss_method_name(
					   (enum pmt_rss_method)pmt_self->rss.method)
				     : "unknown");
	pmt_say(PMT_SAY_VERBOSE_END, line, "; the trace is ", run->trace.path);
}

/* Losses that no stream has a record of, or not yet. */
static void write_losses(struct pmt_run *run)
{
	uint8_t payload[4 * PMT_VARINT_MAX_BYTES];

	for (unsigned cause = 0; cause < PMT_LOSS_COUNT; cause++) {
		uint64_t lost = pmt_load_relaxed(&run->area.header->lost[cause]) -
				pmt_load_relaxed(&run->said_lost[cause]);
		if (!lost)
			continue;
		uint8_t *p = pmt_varint_put(payload, cause);
		p = pmt_varint_put(p, lost);
		p = pmt_varint_put(p, 0);
		p = pmt_varint_put(p, 0);
		if (pmt_emit_extended(&run->process, NULL, PMT_EXT_LOSS, payload,
				      (size_t)(p - payload)))
			pmt_add_relaxed(&run->said_lost[cause], lost);
	}
}

/* A full disk had room for the last calls, but none for how it ended, and no file of the
 * ring is left to tell: the end is worth more than the chunks before it. */
static void make_room_for_end_locked(struct pmt_run *run)
{
	uint64_t held = pmt_pass_process_mortal_bytes();
	uint64_t cut =
	    held ? pmt_trace_file_make_room(&run->trace, held + END_ROOM_BYTES) : 0;

	if (!cut)
		return;
	pmt_area_count_loss(&run->area, PMT_LOSS_UNWRITABLE, cut);
	write_losses(run);
	pmt_pass_take_process_locked();
}

/* Everything that is known now goes to the trace, then how it ended. */
static void write_the_rest(struct pmt_run *run, unsigned reason, int64_t status)
{
	struct pmt_thread *t = pmt_self;
	uint8_t payload[3 * PMT_VARINT_MAX_BYTES];
	uint64_t events = 0;

	pmt_drain_lock();
	pmt_pass_take_locked(1);
	/* What could not be written now dies with a ring that is no file. */
	pmt_area_count_loss(&run->area, PMT_LOSS_UNWRITABLE,
			    pmt_area_unread_bytes(&run->area, true));
	pmt_pass_reap_locked();
	if (t && t->emitter.live) {
		pmt_points_settle(t);
		pmt_rss_read_last_self(t);
		pmt_context_settle(t);
		pmt_emit_checkpoint(&t->emitter, &t->sums);
	}
	pmt_contexts_write_all_locked();
	pmt_types_write_locked();
	pmt_live_write_locked(PMT_LIVE_END);
	for (uint32_t i = 0; (t = pmt_thread_at(i)) != NULL; i++) {
		if (t->emitter.live) {
			events += t->emitter.event_count;
			/* An exec may fail, and then the thread goes on. */
			if (t != pmt_self && reason != PMT_END_EXEC)
				pmt_points_add_rest(run, t);
		} else if (pmt_load32_acquire(&t->os_tid)) {
			pmt_run_add_native_sums(run, t);
		}
	}
	write_losses(run);
	if (pmt_load32_relaxed(&run->drain.refused))
		pmt_introduce_text(run, "drain", "refused");
	if (run->options->rss == PMT_RSS_WANTED_EACH)
		pmt_introduce_rss_check(run);
	pmt_introduce_own_memory(run);
	pmt_sample_take_locked();
	uint8_t *p = pmt_varint_put(payload, reason);
	p = pmt_varint_put(p, pmt_zigzag(status));
	p = pmt_varint_put(p, events);
	pmt_emit_extended(&run->process, NULL, PMT_EXT_END, payload,
			  (size_t)(p - payload));
	pmt_pass_take_locked(1);
	make_room_for_end_locked(run);
	pmt_drain_unlock();
	if (run->options->verbose)
		say_end(run, events);
}

static bool is_mine(const struct pmt_run *run)
{
	/* A vfork child shares our memory and must not touch it. */
	return run && pmt_load32_acquire(&run->state) == PMT_RUN_ON &&
	       run->pid == pmt_sys_getpid();
}

/* The forking thread writes it, in a process that has no other yet. */
static _Atomic uint32_t forked_pid;

void pmt_run_note_fork(void)
{
	pmt_sampling_after_fork();
	pmt_frame_anchor_after_fork();
	if (pmt_identity.has_traced)
		pmt_store32_release(&forked_pid, (uint32_t)pmt_sys_getpid());
}

/* A child by fork(3) of a traced process that ends before its first Python event, but has
 * done something. In a vfork child the noted pid is another's: it stays as it is. */
static bool is_untold_child(const struct pmt_run *run)
{
	const struct pmt_deltas *d = pmt_self ? &pmt_self->sums : NULL;

	return run && d && pmt_load32_acquire(&run->state) == PMT_RUN_NONE &&
	       (d->allocated_count | d->freed_count | d->object_count |
		(uint64_t)d->mapped_bytes) &&
	       pmt_load32_relaxed(&forked_pid) == (uint32_t)pmt_sys_getpid();
}

void pmt_run_end(unsigned reason, int64_t status)
{
	struct pmt_run *run = pmt_run;
	int saved = errno;

	if (is_untold_child(run))
		pmt_run_start();
	if (!is_mine(run) || pmt_drain_is_held_by_me() ||
	    !pmt_cas32(&run->state, PMT_RUN_ON, PMT_RUN_CLOSED))
		return;
	pmt_drain_stop();
	write_the_rest(run, reason, status);
	if (!pmt_area_unread_bytes(&run->area, false))
		pmt_area_close(&run->area);
	errno = saved;
}

void pmt_run_suspend_for_exec(void)
{
	struct pmt_run *run = pmt_run;
	int saved = errno;

	if (!is_mine(run) || pmt_drain_is_held_by_me())
		return;
	pmt_drain_stop();
	write_the_rest(run, PMT_END_EXEC, 0);
	if (!pmt_area_unread_bytes(&run->area, false)) {
		pmt_area_close(&run->area);
		/* Should exec fail after all, we go on without a file behind the ring. */
		run->area.path[0] = '\0';
	}
	errno = saved;
}

void pmt_run_add_native_sums(struct pmt_run *run, struct pmt_thread *t)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	/* Said again, as after an exec that failed, it is what came since. */
	const struct pmt_deltas now = t->sums;
	const struct pmt_deltas rest = pmt_deltas_between(&t->emitter.emitted, &now);

	if (!(rest.allocated_count | rest.freed_count | (uint64_t)rest.mapped_bytes))
		return;
	t->emitter.emitted = now;
	uint8_t *p = pmt_varint_put(payload, pmt_load32_relaxed(&t->os_tid));
	p = pmt_payload_put_sums(p, &rest);
	pmt_emit_extended(&run->process, NULL, PMT_EXT_THREAD_SUMS, payload,
			  (size_t)(p - payload));
}
