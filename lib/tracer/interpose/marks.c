/*
 * The public functions of include/pymemtrace/pymemtrace.h. They write into the calling
 * thread's own stream; from a signal handler that interrupted a push of the same thread
 * nothing can be written, which is counted.
 */
#define PYMEMTRACE_TRACER
#include <pymemtrace/pymemtrace.h>

#include <errno.h>
#include <string.h>

#include "drain/dump.h"
#include "event/context.h"
#include "event/hook_way.h"
#include "event/points.h"
#include "event/type_counts.h"
#include "run/run.h"

static struct pmt_text cut(const char *text)
{
	size_t size = text ? strnlen(text, PYMEMTRACE_TEXT_BYTES_MAX + 1) : 0;

	if (size > PYMEMTRACE_TEXT_BYTES_MAX) {
		size = PYMEMTRACE_TEXT_BYTES_MAX;
		while (size && (text[size] & 0xc0) == 0x80) /* not within a character */
			size--;
	}
	return (struct pmt_text){text ? text : "", size};
}

static int write_mark(enum pmt_ext type, const char *text)
{
	uint8_t payload[PMT_VARINT_MAX_BYTES + PYMEMTRACE_TEXT_BYTES_MAX];
	struct pmt_thread *t = pmt_run ? pmt_thread_self() : NULL;
	int saved = errno;
	bool written = false;

	if (!t)
		return 0;
	if (t->emitter.busy) {
		if (pmt_run_is_on())
			pmt_area_count_loss(&pmt_run->area, PMT_LOSS_REENTERED, 1);
		return 0;
	}
	t->emitter.busy = 1; /* for handlers that allocate or mark meanwhile */
	if (t->emitter.live ? pmt_run_is_on() : pmt_emitter_open_self(t)) {
		const uint8_t *end = pmt_payload_put_text(payload, cut(text));
		pmt_rss_read_self(t); /* a mark asks what memory is now */
		pmt_context_settle(t);
		/* And what time: only every 16th event reads the clock. */
		pmt_points_settle(t);
		written = pmt_emit_checkpoint(&t->emitter, &t->sums);
		if (written)
			pmt_type_counts_say_self(&t->emitter);
		written = written && pmt_emit_extended(&t->emitter, NULL, type, payload,
						       (size_t)(end - payload));
	}
	t->emitter.busy = 0;
	errno = saved;
	return written;
}

int pymemtrace_mark(const char *text)
{
	return write_mark(PMT_EXT_MARK, text);
}

int pymemtrace_region_begin(const char *text)
{
	return write_mark(PMT_EXT_REGION_BEGIN, text);
}

int pymemtrace_region_end(const char *text)
{
	return write_mark(PMT_EXT_REGION_END, text);
}

int pymemtrace_active(void)
{
	return pmt_run_is_on() && !(pmt_load32_relaxed(&pmt_hook_way) & PMT_WAY_PAUSED);
}

int pymemtrace_pause(void)
{
	int was_active = pymemtrace_active();

	/* Relaxed: each thread notices at its next event. */
	atomic_fetch_or_explicit(&pmt_hook_way, PMT_WAY_PAUSED, memory_order_relaxed);
	return was_active;
}

int pymemtrace_resume(void)
{
	int was_active = pymemtrace_active();

	atomic_fetch_and_explicit(&pmt_hook_way, ~(uint32_t)PMT_WAY_PAUSED,
				  memory_order_relaxed);
	return was_active;
}

/* Its own sums are of now; those of other threads as of their last records. */
static void settle(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (e->busy || !e->live)
		return;
	e->busy = 1;
	pmt_rss_read_self(t);
	pmt_context_settle(t);
	pmt_points_settle(t);
	pmt_emit_checkpoint(e, &t->sums);
	e->busy = 0;
}

int pymemtrace_dump(void)
{
	struct pmt_thread *t = pmt_run ? pmt_thread_self() : NULL;
	int saved = errno;

	if (t && pmt_run_is_on())
		settle(t);
	errno = saved;
	return pmt_dump_now(PMT_LIVE_ASKED);
}
