/*
 * From an event of a thread to bytes in its ring. The fast path is here, for the
 * interpreter's hooks; everything rare is in emit.c.
 *
 * Budget of pmt_emit_event: no system call, no clock read (one in sixteen has one), one
 * compare for room, four for changed sums, three for RSS, one release store.
 */
#ifndef PMT_TRACER_EVENT_EMIT_H
#define PMT_TRACER_EVENT_EMIT_H

#include "format/payload.h"
#include "os/clock.h"
#include "rss/rss_poll.h"
#include "thread.h"

enum { PMT_EMIT_CLOCK_EVERY = 16 };

/*
 * A clock word that the drain moves every few milliseconds while it runs: a thread that
 * slept sees it changed and reads the real clock at its next event. Drain writes,
 * producers read, relaxed: it is a hint.
 */
extern PMT_HIDDEN _Atomic uint64_t pmt_emit_coarse_clock;

/* 1 while the drain thread shall run but does not: it ended for a fork. Who stops and
 * starts it writes; producers look when they read the clock, relaxed, and ask for it. */
extern _Atomic uint32_t pmt_emit_drain_missing;
void pmt_emit_want_drain(void);

/* Opens the emitter of the calling thread: takes a slot, says who it is. False when the
 * process has no trace (closed, refused); then nothing is counted. */
bool pmt_emitter_open_self(struct pmt_thread *t);

/* Opens any emitter on a fresh slot; first_record writes what must come first. */
struct pmt_area;
bool pmt_emitter_open(struct pmt_emitter *e, struct pmt_area *area, uint32_t os_tid);

enum pmt_named {
	PMT_NAMED_NOT, /* Python does not know the thread, or not yet */
	PMT_NAMED,
	PMT_NAMED_UNSELECTED, /* thread= keeps it out of the trace */
};

/*
 * Called for each thread some events after its first, with the GIL held: by then Python's
 * threading knows it. Writes its name. The hooks' side sets it; NULL: threads keep the
 * name that the kernel has.
 */
extern enum pmt_named (*pmt_emit_name_thread)(struct pmt_thread *t);

/* With the GIL held, while emitter.named is 0: asks for it, if it is time. */
void pmt_emit_look_for_name(struct pmt_thread *t);

/* Called, with the GIL held, at a thread's first event; NULL: nobody needs to know. The
 * hooks' side sets it. */
extern void (*pmt_emit_opened)(struct pmt_thread *t);

/* Room for a record when the fast path has none: opens the emitter, waits for the drain,
 * says what was lost, writes a checkpoint. Only hooks come here. NULL: drop, by
 * pmt_emit_drop. */
uint8_t *pmt_emit_begin_slow(struct pmt_thread *t);

/* What must be said before the next record: that a pause ended, what was lost, a
 * checkpoint when one is due. False: nothing may be written now. */
bool pmt_emit_settle(struct pmt_emitter *e, const struct pmt_deltas *sums);

/* Keeps the depth right over an event that is not written: it found no room (counted as
 * lost), or the thread is paused. Ends the event. */
void pmt_emit_drop(struct pmt_thread *t, unsigned op);

/* Counts calls that the hook never saw, as one: they begin and end at this depth. Said
 * before the thread's next event. */
void pmt_emit_lose(struct pmt_thread *t, enum pmt_loss cause);

/* Writes an extended record: type, the thread's deltas unless sums is NULL, payload. */
bool pmt_emit_extended(struct pmt_emitter *e, const struct pmt_deltas *sums,
		       enum pmt_ext type, const void *payload, size_t size);

/* The same with a time, where that is later than the stream's last. */
bool pmt_emit_extended_at(struct pmt_emitter *e, uint64_t tick,
			  const struct pmt_deltas *sums, enum pmt_ext type,
			  const void *payload, size_t size);

/*
 * An extended record without deltas whose payload is written in place, for long ones: the
 * program's stack may be small. Returns where the payload goes, with room for `most`
 * bytes, or NULL; then only end_placed may follow.
 */
uint8_t *pmt_emit_begin_placed(struct pmt_emitter *e, enum pmt_ext type, size_t most);
void pmt_emit_end_placed(struct pmt_emitter *e, uint8_t *payload, const uint8_t *end);

/* From now on this thread's events are not written (PMT_EXT_PAUSE); its next event that
 * is to be written says how deep it is then (PMT_EXT_CONTINUE). */
void pmt_emit_pause(struct pmt_emitter *e);

/* Writes a checkpoint with what the sums moved since the last record. */
bool pmt_emit_checkpoint(struct pmt_emitter *e, const struct pmt_deltas *sums);

PMT_INLINE uint8_t *pmt_emit_time(struct pmt_emitter *e, uint8_t *p, uint8_t *head)
{
	if (PMT_LIKELY(--e->clock_countdown != 0 &&
		       e->coarse_seen == pmt_load_relaxed(&pmt_emit_coarse_clock)))
		return p;
	if (PMT_UNLIKELY(pmt_load32_relaxed(&pmt_emit_drain_missing)))
		pmt_emit_want_drain();
	uint64_t now = pmt_clock_ticks();
	e->clock_countdown = PMT_EMIT_CLOCK_EVERY;
	e->coarse_seen = pmt_load_relaxed(&pmt_emit_coarse_clock);
	if (now > e->last_tick) {
		*head |= PMT_FLAG_TIME;
		p = pmt_varint_put(p, now - e->last_tick);
		e->last_tick = now;
	}
	return p;
}

/* Writes what the sums moved since the emitter's last record. */
PMT_INLINE uint8_t *pmt_emit_sums(struct pmt_emitter *e, const struct pmt_deltas *sums,
				  uint8_t *p, uint8_t *head)
{
	struct pmt_deltas *said = &e->emitted;

	if (PMT_UNLIKELY((sums->allocated_count ^ said->allocated_count) |
			 (sums->freed_count ^ said->freed_count))) {
		*head |= PMT_FLAG_MALLOC;
		p = pmt_varint_put(p, sums->allocated_bytes - said->allocated_bytes);
		p = pmt_varint_put(p, sums->allocated_count - said->allocated_count);
		p = pmt_varint_put(p, sums->freed_bytes - said->freed_bytes);
		p = pmt_varint_put(p, sums->freed_count - said->freed_count);
		said->allocated_bytes = sums->allocated_bytes;
		said->allocated_count = sums->allocated_count;
		said->freed_bytes = sums->freed_bytes;
		said->freed_count = sums->freed_count;
	}
	if (sums->object_count != said->object_count) {
		*head |= PMT_FLAG_OBJECT;
		p = pmt_varint_put(p, sums->object_bytes - said->object_bytes);
		p = pmt_varint_put(p, sums->object_count - said->object_count);
		said->object_bytes = sums->object_bytes;
		said->object_count = sums->object_count;
	}
	if (PMT_UNLIKELY(sums->rss_pages != said->rss_pages)) {
		*head |= PMT_FLAG_RSS;
		p = pmt_varint_put(p, pmt_zigzag(sums->rss_pages - said->rss_pages));
		said->rss_pages = sums->rss_pages;
	}
	if (PMT_UNLIKELY((sums->mapped_bytes ^ said->mapped_bytes) |
			 (sums->file_mapped_bytes ^ said->file_mapped_bytes))) {
		*head |= PMT_FLAG_MAPPED;
		p = pmt_varint_put(p,
				   pmt_zigzag(sums->mapped_bytes - said->mapped_bytes));
		p = pmt_varint_put(
		    p, pmt_zigzag(sums->file_mapped_bytes - said->file_mapped_bytes));
		said->mapped_bytes = sums->mapped_bytes;
		said->file_mapped_bytes = sums->file_mapped_bytes;
	}
	return p;
}

PMT_INLINE void pmt_emit_count(struct pmt_emitter *e, unsigned op)
{
	e->event_count++;
	if (pmt_op_is_enter(op))
		e->depth++;
	else if (pmt_op_is_leave(op) && e->depth)
		e->depth--;
}

/* Where the thread's next record goes, or NULL: then pmt_emit_drop. */
PMT_INLINE uint8_t *pmt_emit_begin(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (PMT_LIKELY(e->ring.head < e->ring.limit))
		return e->ring.data + (e->ring.head & (e->ring.size - 1));
	return pmt_emit_begin_slow(t);
}

/* One call, return or line of the calling thread; number is the function's id or the
 * line. A leave of a call that was entered before the trace began is not written. */
PMT_INLINE void pmt_emit_event(struct pmt_thread *t, unsigned op, uint64_t number)
{
	struct pmt_emitter *e = &t->emitter;
	e->busy = 1;
	uint8_t *begin = pmt_emit_begin(t);
	if (PMT_UNLIKELY(!begin)) {
		pmt_emit_drop(t, op);
		return;
	}
	if (pmt_op_is_leave(op) && PMT_UNLIKELY(e->depth == 0)) {
		e->busy = 0;
		return;
	}
	if (PMT_UNLIKELY(pmt_rss_moved(t)))
		pmt_rss_read_self(t);
	uint8_t head = (uint8_t)op;
	uint8_t *p = begin + 1;
	if (!pmt_op_is_leave(op))
		p = pmt_varint_put(p, number);
	p = pmt_emit_time(e, p, &head);
	p = pmt_emit_sums(e, &t->sums, p, &head);
	*begin = head;
	pmt_ring_commit_sp(&e->ring, begin, p);
	e->busy = 0;
	pmt_emit_count(e, op);
}

/* One call, return or raise of a C function; id only with PMT_EXT_C_CALL. */
PMT_INLINE void pmt_emit_c_event(struct pmt_thread *t, enum pmt_ext type, uint32_t id)
{
	struct pmt_emitter *e = &t->emitter;
	e->busy = 1;
	uint8_t *begin = pmt_emit_begin(t);
	if (PMT_UNLIKELY(!begin)) {
		pmt_emit_drop(t, PMT_OP_EXTENDED);
		return;
	}
	if (PMT_UNLIKELY(pmt_rss_moved(t)))
		pmt_rss_read_self(t);
	uint8_t head = PMT_OP_EXTENDED;
	uint8_t *p = begin + 2;
	/* EXTENDED with all five flags would be filler: then the time waits. */
	if (PMT_LIKELY(t->sums.mapped_bytes == e->emitted.mapped_bytes &&
		       t->sums.file_mapped_bytes == e->emitted.file_mapped_bytes))
		p = pmt_emit_time(e, p, &head);
	p = pmt_emit_sums(e, &t->sums, p, &head);
	uint8_t *size = p++;
	if (type == PMT_EXT_C_CALL)
		p = pmt_varint_put(p, id);
	*size = (uint8_t)(p - size - 1);
	begin[0] = head;
	begin[1] = (uint8_t)type;
	pmt_ring_commit_sp(&e->ring, begin, p);
	e->busy = 0;
	e->event_count++;
}

#endif
