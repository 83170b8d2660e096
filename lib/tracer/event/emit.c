/*
 * The rare side of writing events: opening an emitter, running out of room, saying what
 * was lost, checkpoints and records with a payload. On the thread that owns the emitter,
 * or, for stream 0 and for dead threads, whoever holds the drain lock.
 */
#include "event/emit.h"

#include <string.h>

#include "drain/pass.h"
#include "event/introduce.h"
#include "event/points.h"
#include "os/sys.h"
#include "ring/area.h"
#include "run/run.h"

enum {
	NAME_AFTER_EVENTS = 24,
	NAME_BEFORE_EVENTS = 10000,
	REFUSED_EVENTS = 10000, /* asking for memory at each would be slow */
};

_Atomic uint64_t pmt_emit_coarse_clock;
_Atomic uint32_t pmt_emit_drain_missing;
enum pmt_named (*pmt_emit_name_thread)(struct pmt_thread *t);
void (*pmt_emit_opened)(struct pmt_thread *t);

void pmt_emit_want_drain(void)
{
	if (pmt_run_is_on())
		pmt_drain_start();
}

struct extended {
	uint64_t tick; /* 0: none */
	const struct pmt_deltas *sums;
	enum pmt_ext type;
	const void *payload;
	size_t size;
};

/* Whether each group of deltas has something to say. */
static bool says_all(const struct pmt_deltas *said, const struct pmt_deltas *sums)
{
	return sums &&
	       (sums->allocated_count != said->allocated_count ||
		sums->freed_count != said->freed_count) &&
	       sums->object_count != said->object_count &&
	       sums->rss_pages != said->rss_pages &&
	       (sums->mapped_bytes != said->mapped_bytes ||
		sums->file_mapped_bytes != said->file_mapped_bytes);
}

static uint8_t *write_extended(struct pmt_emitter *e, const struct extended *what,
			       uint8_t *begin)
{
	const struct pmt_deltas *sums = what->sums;
	uint8_t head = PMT_OP_EXTENDED;
	uint8_t *p = begin + 2;

	begin[1] = (uint8_t)what->type;
	/* EXTENDED with all five flags would be the filler byte: then the time waits. */
	if (what->tick > e->last_tick && !says_all(&e->emitted, sums)) {
		head |= PMT_FLAG_TIME;
		p = pmt_varint_put(p, what->tick - e->last_tick);
		e->last_tick = what->tick;
	}
	if (sums)
		p = pmt_emit_sums(e, sums, p, &head);
	p = pmt_varint_put(p, what->size);
	memcpy(p, what->payload, what->size);
	begin[0] = head;
	return p + what->size;
}

/* Making room opened the fast path again; there may still be something to be said. */
static void keep_slow(struct pmt_emitter *e)
{
	if (e->paused | e->muted | (e->unsaid_loss != 0) | !e->named)
		e->ring.limit = 0;
}

static bool emit_extended(struct pmt_emitter *e, const struct extended *what)
{
	uint32_t busy = e->busy; /* often within an event's own slow path */
	e->busy = 1;
	uint8_t *begin =
	    pmt_ring_make_room_sp(&e->ring, PMT_RECORD_BYTES_MAX + what->size);
	if (begin) {
		uint8_t *end = write_extended(e, what, begin);
		pmt_ring_commit_sp(&e->ring, begin, end);
	}
	keep_slow(e);
	e->busy = busy;
	return begin != NULL;
}

bool pmt_emit_extended(struct pmt_emitter *e, const struct pmt_deltas *sums,
		       enum pmt_ext type, const void *payload, size_t size)
{
	return emit_extended(e, &(struct extended){0, sums, type, payload, size});
}

bool pmt_emit_extended_at(struct pmt_emitter *e, uint64_t tick,
			  const struct pmt_deltas *sums, enum pmt_ext type,
			  const void *payload, size_t size)
{
	return emit_extended(e, &(struct extended){tick, sums, type, payload, size});
}

/* Head, type, and a size of always three bytes: it is known only at the end. */
enum { SIZE_BYTES = 3, PLACED_HEAD_BYTES = 2 + SIZE_BYTES };

uint8_t *pmt_emit_begin_placed(struct pmt_emitter *e, enum pmt_ext type, size_t most)
{
	if (most >= 1u << 7 * SIZE_BYTES)
		return NULL;
	uint8_t *begin = pmt_ring_make_room_sp(&e->ring, PLACED_HEAD_BYTES + most);
	if (!begin)
		return NULL;
	e->busy++;
	begin[0] = PMT_OP_EXTENDED;
	begin[1] = (uint8_t)type;
	return begin + PLACED_HEAD_BYTES;
}

void pmt_emit_end_placed(struct pmt_emitter *e, uint8_t *payload, const uint8_t *end)
{
	size_t size = (size_t)(end - payload);

	payload[-3] = (uint8_t)(size | 0x80);
	payload[-2] = (uint8_t)(size >> 7 | 0x80);
	payload[-1] = (uint8_t)(size >> 14);
	pmt_ring_commit_sp(&e->ring, payload - PLACED_HEAD_BYTES, end);
	keep_slow(e);
	e->busy--;
}

bool pmt_emit_checkpoint(struct pmt_emitter *e, const struct pmt_deltas *sums)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_checkpoint point = {
	    .tick = pmt_clock_ticks(),
	    .monotonic_ns = pmt_clock_monotonic_ns(),
	    .realtime_ns = pmt_clock_realtime_ns(),
	    .depth = e->depth,
	    .event_count = e->event_count,
	    .sums = e->summed ? e->recorded
		    : sums    ? *sums
			      : e->emitted,
	};
	const uint8_t *end = pmt_payload_put_checkpoint(payload, &point);

	if (!pmt_emit_extended(e, sums, PMT_EXT_CHECKPOINT, payload,
			       (size_t)(end - payload)))
		return false;
	e->last_tick = point.tick;
	e->clock_countdown = PMT_EMIT_CLOCK_EVERY;
	e->next_checkpoint = e->ring.head + e->ring.size / 4;
	e->last_address = 0; /* where a reader begins */
	e->checkpoint_count++;
	return true;
}

static bool say_loss(struct pmt_emitter *e)
{
	uint8_t payload[4 * PMT_VARINT_MAX_BYTES];
	uint8_t *p = pmt_varint_put(payload, e->loss_cause);

	p = pmt_varint_put(p, e->unsaid_loss);
	p = pmt_varint_put(p, e->depth);
	p = pmt_varint_put(p, e->floor);
	if (!pmt_emit_extended(e, NULL, PMT_EXT_LOSS, payload, (size_t)(p - payload)))
		return false;
	pmt_add_relaxed(&pmt_run->said_lost[e->loss_cause], e->unsaid_loss);
	e->unsaid_loss = 0;
	return true;
}

static bool say_continue(struct pmt_emitter *e)
{
	uint8_t payload[2 * PMT_VARINT_MAX_BYTES];
	uint8_t *p = pmt_varint_put(payload, e->depth);

	p = pmt_varint_put(p, e->floor);
	if (!pmt_emit_extended(e, NULL, PMT_EXT_CONTINUE, payload, (size_t)(p - payload)))
		return false;
	e->paused = 0;
	return true;
}

void pmt_emit_pause(struct pmt_emitter *e)
{
	if (e->paused || !pmt_emit_extended(e, NULL, PMT_EXT_PAUSE, "", 0))
		return;
	e->paused = 1;
	e->floor = e->depth;
	e->ring.limit = 0; /* the next event comes by the slow path */
}

bool pmt_emitter_open(struct pmt_emitter *e, struct pmt_area *area, uint32_t os_tid)
{
	struct pmt_slot_map *map = pmt_area_take_slot(area, os_tid);
	uint32_t busy = e->busy, ours = e->ours, in_malloc = e->in_malloc;

	if (!map)
		return false;
	memset(e, 0, sizeof(*e));
	e->busy = busy;
	e->ours = ours;
	e->in_malloc = in_malloc;
	pmt_ring_open(&e->ring, map->slot, map->data, area->header->slot_data_bytes,
		      pmt_drain_pressure);
	e->stream = map->slot->stream;
	e->live = 1;
	return true;
}

bool pmt_emitter_open_self(struct pmt_thread *t)
{
	if (!pmt_run_is_on() && !pmt_run_start())
		return false;
	uint32_t tid = (uint32_t)pmt_sys_gettid();
	struct pmt_deltas before = t->sums;
	pmt_rss_open_self(t);
	pmt_rss_read_self(t);
	before.rss_pages = t->sums.rss_pages;
	/* A ring costs a megabyte: threads that come and go should not each have one. */
	if (!pmt_area_has_free_slot(&pmt_run->area))
		pmt_pass_free_slots();
	bool opened =
	    pmt_points_open_self(t) && pmt_emitter_open(&t->emitter, &pmt_run->area, tid);
	t->sums = before;
	if (opened)
		pmt_introduce_thread(t, tid);
	else
		t->emitter.refused_countdown = REFUSED_EVENTS;
	return opened;
}

/* See emit.h. Some events in, the thread is asked for its name, and asked again while
 * Python does not know it yet. While it may turn out not to be selected at all, its
 * events wait in the pause that introduce began. */
void pmt_emit_look_for_name(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;
	enum pmt_named named = PMT_NAMED_NOT;

	if (e->event_count < NAME_AFTER_EVENTS)
		return;
	if (pmt_emit_name_thread)
		named = pmt_emit_name_thread(t);
	e->named = named != PMT_NAMED_NOT || e->event_count > NAME_BEFORE_EVENTS;
	e->ring.is_slow = e->ring.is_slow && !e->named;
	if (named == PMT_NAMED)
		e->muted = 0;
}

bool pmt_emit_settle(struct pmt_emitter *e, const struct pmt_deltas *sums)
{
	if (e->muted || (e->paused && !say_continue(e)) ||
	    (e->unsaid_loss && !say_loss(e)))
		return false;
	return e->ring.head < e->next_checkpoint || pmt_emit_checkpoint(e, sums);
}

uint8_t *pmt_emit_begin_slow(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (!e->live && (e->refused_countdown > 0 || !pmt_emitter_open_self(t)))
		return NULL;
	if (!pmt_run_is_on())
		return NULL;
	if (!e->greeted) {
		e->greeted = 1;
		if (pmt_emit_opened)
			pmt_emit_opened(t);
	}
	if (!e->named)
		pmt_emit_look_for_name(t);
	/* With a trigger what moved belongs to an event that waits. */
	if (!pmt_emit_settle(e, t->points ? NULL : &t->sums))
		return NULL;
	uint8_t *begin = pmt_ring_make_room_sp(&e->ring, 0);
	if (!e->named && begin) { /* come back soon, and less often as it goes on */
		uint64_t soon = e->ring.head + e->event_count / 4;
		if (soon < e->ring.limit) /* which is where the room ends */
			e->ring.limit = soon;
	}
	return begin;
}

/* Not written, for whatever reason: depth and count go on, and the next event comes by
 * the slow path, to say so. */
static void pass_over(struct pmt_emitter *e, unsigned op)
{
	pmt_emit_count(e, op);
	if (e->depth < e->floor)
		e->floor = e->depth;
	e->ring.limit = 0;
}

static void count_loss(struct pmt_emitter *e, enum pmt_loss cause)
{
	if (!e->unsaid_loss++) {
		e->floor = e->depth;
		e->loss_cause = cause;
	}
	pmt_area_count_loss(&pmt_run->area, e->loss_cause, 1);
}

void pmt_emit_drop(struct pmt_thread *t, unsigned op)
{
	struct pmt_emitter *e = &t->emitter;

	e->busy = 0;
	if (!pmt_run_is_on())
		return;
	if (!e->live) {
		if (e->refused_countdown)
			e->refused_countdown--;
		pmt_area_count_loss(&pmt_run->area, PMT_LOSS_NO_RING, 1);
		return;
	}
	if (e->muted || e->paused) {
		pass_over(e, op);
		return;
	}
	count_loss(e, pmt_run->trace.error ? PMT_LOSS_NOT_WRITTEN : PMT_LOSS_RING_FULL);
	pass_over(e, op);
}

void pmt_emit_lose(struct pmt_thread *t, enum pmt_loss cause)
{
	struct pmt_emitter *e = &t->emitter;

	if (!pmt_run_is_on() || e->muted || e->paused)
		return;
	if (!e->live) {
		pmt_area_count_loss(&pmt_run->area, cause, 1);
		return;
	}
	count_loss(e, cause);
	e->ring.limit = 0;
}
