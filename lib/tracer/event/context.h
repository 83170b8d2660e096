/*
 * detail=tree: an event moves the thread through its tree of calling contexts, and what
 * its sums moved since the last one is added to the context that ran until now. Nothing
 * goes into the ring but definitions, marks and what the drain needs.
 *
 * Budget of pmt_context_event: no system call, no clock, no atomic; four compares for
 * changed sums, three for RSS, one for the child; two cache lines of contexts.
 *
 * A thread's depth goes on where the tree is full: then its context is less deep than
 * the thread, new calls are counted as lost (PMT_LOSS_TREE_FULL) and what they do is the
 * context's.
 */
#ifndef PMT_TRACER_EVENT_CONTEXT_H
#define PMT_TRACER_EVENT_CONTEXT_H

#include "event/emit.h"
#include "thread.h"

enum { PMT_CONTEXT_LOOK_EVERY = 64 };

/* The event when nothing is known to run: the first of a thread, after a pause. */
void pmt_context_event_slow(struct pmt_thread *t, unsigned op, uint32_t code_id);

/* Every now and then: the thread's name, a drain that ended for a fork. */
void pmt_context_look_around(struct pmt_thread *t);

/* A call without a place in the tree. */
void pmt_context_lose(void);

/* The context for a thread that left a call which ran when the tree began. */
struct pmt_context *pmt_context_leave_root(struct pmt_thread *t);

/* The thread is paused: what follows belongs to no call. */
void pmt_context_stop(struct pmt_thread *t);

/* Adds what the sums moved to where they belong, so that a record can follow which must
 * not say it again. The owner, or the reaper in its place; nothing without a tree. */
void pmt_context_settle(struct pmt_thread *t);

/* C_CALL, C_RETURN, C_RAISE. */
void pmt_context_c_event(struct pmt_thread *t, enum pmt_ext type, uint32_t code_id);

PMT_INLINE void pmt_context_charge(struct pmt_context *c, const struct pmt_deltas *sums,
				   struct pmt_deltas *said)
{
	if (sums->object_count != said->object_count) {
		c->object_bytes += sums->object_bytes - said->object_bytes;
		c->object_count += sums->object_count - said->object_count;
		said->object_bytes = sums->object_bytes;
		said->object_count = sums->object_count;
	}
	if (PMT_UNLIKELY((sums->allocated_count ^ said->allocated_count) |
			 (sums->freed_count ^ said->freed_count))) {
		c->allocated_bytes += sums->allocated_bytes - said->allocated_bytes;
		c->allocated_count += sums->allocated_count - said->allocated_count;
		c->freed_bytes += sums->freed_bytes - said->freed_bytes;
		c->freed_count += sums->freed_count - said->freed_count;
		said->allocated_bytes = sums->allocated_bytes;
		said->allocated_count = sums->allocated_count;
		said->freed_bytes = sums->freed_bytes;
		said->freed_count = sums->freed_count;
	}
	if (PMT_UNLIKELY(sums->rss_pages != said->rss_pages)) {
		int64_t change = sums->rss_pages - said->rss_pages;
		c->rss_pages += change;
		c->rss_up_pages += change > 0 ? (uint64_t)change : 0;
		said->rss_pages = sums->rss_pages;
	}
	if (PMT_UNLIKELY((sums->mapped_bytes ^ said->mapped_bytes) |
			 (sums->file_mapped_bytes ^ said->file_mapped_bytes))) {
		c->mapped_bytes += sums->mapped_bytes - said->mapped_bytes;
		c->file_mapped_bytes += sums->file_mapped_bytes - said->file_mapped_bytes;
		said->mapped_bytes = sums->mapped_bytes;
		said->file_mapped_bytes = sums->file_mapped_bytes;
	}
}

/* Where a call of code_id leads, counted; `now` itself where the tree has no place. */
PMT_INLINE struct pmt_context *pmt_context_enter(struct pmt_thread *t,
						 struct pmt_context *now,
						 uint32_t code_id, bool is_c)
{
	struct pmt_context *child = now->recent;

	if (PMT_UNLIKELY(now->depth != t->emitter.depth)) {
		pmt_context_lose();
		return now;
	}
	if (PMT_UNLIKELY(child->code_id != code_id)) {
		child = pmt_context_child(t, now, code_id, is_c);
		if (!child) {
			pmt_context_lose();
			return now;
		}
	}
	child->call_count++;
	return child;
}

PMT_INLINE void pmt_context_event(struct pmt_thread *t, unsigned op, uint32_t code_id)
{
	struct pmt_emitter *e = &t->emitter;
	struct pmt_context *now = t->tree.now;

	if (PMT_UNLIKELY(!now)) {
		pmt_context_event_slow(t, op, code_id);
		return;
	}
	if (pmt_op_is_leave(op) && PMT_UNLIKELY(e->depth == 0))
		return;
	e->busy = 1;
	if (PMT_UNLIKELY(pmt_rss_moved(t)))
		pmt_rss_read_self(t);
	pmt_context_charge(now, &t->sums, &e->emitted);
	if (pmt_op_is_enter(op)) {
		t->tree.now = pmt_context_enter(t, now, code_id, false);
		e->depth++;
	} else if (PMT_LIKELY(pmt_op_is_leave(op))) {
		e->depth--;
		/* More than one where the return of a C function was not seen. */
		while (now && now->depth > e->depth)
			now = now->parent;
		t->tree.now = PMT_LIKELY(now != NULL) ? now : pmt_context_leave_root(t);
	}
	e->event_count++;
	e->busy = 0;
	if (PMT_UNLIKELY(--e->clock_countdown == 0))
		pmt_context_look_around(t);
}

#endif
