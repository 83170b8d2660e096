/* From the trigger's choice to records; see points.h. */
#include "event/points.h"

#include "event/emit.h"
#include "event/trigger.h"
#include "rss/own_memory.h"
#include "run/run.h"

/* Written once, before the first event. */
static struct pmt_trigger_limits limits;

/* Of a thread: what the rule remembers, and the clock as last read. */
struct pmt_points {
	uint64_t tick;
	uint64_t name_at; /* event at which the thread's name is asked for again */
	struct pmt_trigger trigger;
};

_Static_assert(sizeof(struct pmt_points) <= 64 * 1024, "a thread's share of memory");

bool pmt_points_start(const struct pmt_options *options, uint64_t page_bytes)
{
	uint64_t pages = options->min_rss_bytes / page_bytes +
			 (options->min_rss_bytes % page_bytes != 0);

	limits.rss_pages = (int64_t)pages;
	limits.alloc_bytes = (int64_t)options->min_alloc_bytes;
	return (limits.rss_pages | limits.alloc_bytes) != 0;
}

bool pmt_points_open_self(struct pmt_thread *t)
{
	if (!(limits.rss_pages | limits.alloc_bytes) || t->points)
		return true;
	t->points = pmt_own_map(sizeof(struct pmt_points), PMT_OWN_ABSENT);
	return t->points != NULL;
}

void pmt_points_close(struct pmt_thread *t)
{
	if (t->points)
		pmt_own_unmap(t->points, sizeof(*t->points));
	t->points = NULL;
}

/* As pmt_emit_time, for an event that may never be written. */
static uint64_t time_of_event(struct pmt_emitter *e, struct pmt_points *points)
{
	if (PMT_LIKELY(--e->clock_countdown != 0 &&
		       e->coarse_seen == pmt_load_relaxed(&pmt_emit_coarse_clock)))
		return points->tick;
	if (PMT_UNLIKELY(pmt_load32_relaxed(&pmt_emit_drain_missing)))
		pmt_emit_want_drain();
	e->clock_countdown = PMT_EMIT_CLOCK_EVERY;
	e->coarse_seen = pmt_load_relaxed(&pmt_emit_coarse_clock);
	return points->tick = pmt_clock_ticks();
}

static bool write_point(struct pmt_emitter *e, const struct pmt_trigger_point *point)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	const uint8_t *end = pmt_payload_put_point(payload, &point->point);

	return pmt_emit_extended_at(e, point->tick, &point->sums, PMT_EXT_POINT, payload,
				    (size_t)(end - payload));
}

/* Of C functions there is no depth to be kept. */
static unsigned counted_op(unsigned op)
{
	return op < PMT_OP_EXTENDED ? op : (unsigned)PMT_OP_EXTENDED;
}

PMT_INLINE struct pmt_trigger_event count_event(struct pmt_thread *t, unsigned op,
						uint64_t number)
{
	struct pmt_emitter *e = &t->emitter;

	pmt_emit_count(e, counted_op(op));
	return (struct pmt_trigger_event){
	    .op = op,
	    .number = number,
	    .depth = e->depth,
	    .tick = time_of_event(e, t->points),
	    .sums = &t->sums,
	};
}

static void take(struct pmt_thread *t, bool force, unsigned op, uint64_t number)
{
	struct pmt_emitter *e = &t->emitter;
	struct pmt_trigger_point out[2];
	struct pmt_trigger_event event = count_event(t, op, number);
	unsigned count =
	    pmt_trigger_take(&t->points->trigger, &limits, force, &event, out);
	if (PMT_LIKELY(count == 0))
		return;
	out[count - 1].tick = t->points->tick = pmt_clock_ticks();
	for (unsigned i = 0; i < count; i++)
		if (!write_point(e, &out[i]))
			pmt_emit_lose(t, PMT_LOSS_RING_FULL);
}

/* A stream that grows comes by the slow path, where that is done; this one may not. */
static void ask_for_name(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (e->event_count < t->points->name_at)
		return;
	t->points->name_at = e->event_count + e->event_count / 4 + 1;
	e->ring.limit = 0;
}

static void event_slow(struct pmt_thread *t, unsigned op, uint64_t number)
{
	struct pmt_emitter *e = &t->emitter;

	if (PMT_UNLIKELY(!e->named) && t->points)
		ask_for_name(t);
	/* Behind a pause or a loss nobody knows what the event before was. */
	bool force = (e->paused | (e->unsaid_loss != 0)) != 0;
	if (PMT_UNLIKELY(!pmt_emit_begin(t))) {
		if (e->live && t->points)
			pmt_trigger_pass(&t->points->trigger, op, number);
		pmt_emit_drop(t, counted_op(op));
		return;
	}
	if (pmt_op_is_leave(op) && PMT_UNLIKELY(e->depth == 0))
		return;
	if (PMT_UNLIKELY(pmt_rss_moved(t)))
		pmt_rss_read_self(t);
	take(t, force, op, number);
}

/* The event before waits and nothing has moved: the common case by far. */
PMT_INLINE bool is_quiet(const struct pmt_thread *t)
{
	const struct pmt_emitter *e = &t->emitter;

	return t->points && e->ring.head < e->ring.limit && e->named && e->depth &&
	       pmt_trigger_is_quiet(&t->points->trigger, &t->sums) && !pmt_rss_moved(t);
}

void pmt_points_event(struct pmt_thread *t, unsigned op, uint64_t number)
{
	struct pmt_emitter *e = &t->emitter;

	e->busy = 1;
	if (PMT_LIKELY(is_quiet(t))) {
		struct pmt_trigger_event event = count_event(t, op, number);
		pmt_trigger_wait(&t->points->trigger, &event);
	} else {
		event_slow(t, op, number);
	}
	e->busy = 0;
}

void pmt_points_pass(struct pmt_thread *t, unsigned op, uint64_t number)
{
	if (t->points)
		pmt_trigger_pass(&t->points->trigger, op, number);
}

void pmt_points_settle(struct pmt_thread *t)
{
	struct pmt_trigger_point point;

	if (t->points && pmt_trigger_take_pending(&t->points->trigger, &point))
		write_point(&t->emitter, &point);
}

void pmt_points_add_rest(struct pmt_run *run, const struct pmt_thread *t)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_deltas rest = pmt_deltas_between(&t->emitter.emitted, &t->sums);

	if (!t->points)
		return;
	uint8_t *p = pmt_varint_put(payload, pmt_load32_relaxed(&t->os_tid));
	p = pmt_payload_put_sums(p, &rest);
	/* Its time puts it behind the thread's own records. */
	pmt_emit_extended_at(&run->process, pmt_clock_ticks(), NULL, PMT_EXT_THREAD_SUMS,
			     payload, (size_t)(p - payload));
}
