/*
 * min_rss and min_alloc: which of a thread's events are written. An event is when memory
 * has moved by a limit since the last written one, and then the event before it too, with
 * its own figures: between the two lies the jump. A thread's first event is written, and
 * by pmt_trigger_take_pending its last.
 *
 * Comes in: every event, in order. Goes out: none, one or two points to be written. No
 * clock, no ring, no thread: points.c has those. Owning thread only.
 */
#ifndef PMT_TRACER_EVENT_TRIGGER_H
#define PMT_TRACER_EVENT_TRIGGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "event/open_calls.h"
#include "format/payload.h"

struct pmt_trigger_limits {
	int64_t rss_pages;   /* 0: no limit */
	int64_t alloc_bytes; /* 0: no limit */
};

/* A point with what held at its moment. */
struct pmt_trigger_point {
	struct pmt_point point;
	uint64_t tick;
	struct pmt_deltas sums;
};

/* An event of the thread, sums as they are then. */
struct pmt_trigger_event {
	unsigned op;     /* enum pmt_op, or enum pmt_point_op */
	uint64_t number; /* of an enter the function's id, of a line its number */
	uint64_t depth;  /* after it */
	uint64_t tick;
	const struct pmt_deltas *sums;
};

/* All zero is a thread without events. */
struct pmt_trigger {
	bool begun;                /* the first event was there */
	bool has_pending;          /* the last event is not written */
	struct pmt_deltas written; /* sums at the last written event */
	uint64_t skipped_count;    /* between that and the pending one */
	struct pmt_trigger_point pending;
	struct pmt_open_calls open;
};

/* Whether memory moved by a limit, from the last written event or in one step. */
PMT_INLINE bool pmt_trigger_is_reached(const struct pmt_trigger *trigger,
				       const struct pmt_trigger_limits *limits,
				       const struct pmt_deltas *now)
{
	const struct pmt_deltas *written = &trigger->written;

	if (limits->rss_pages) {
		int64_t change = now->rss_pages - written->rss_pages;
		if (change >= limits->rss_pages || change <= -limits->rss_pages)
			return true;
	}
	if (!limits->alloc_bytes)
		return false;
	uint64_t allocated = now->allocated_bytes - written->allocated_bytes;
	uint64_t freed = now->freed_bytes - written->freed_bytes;
	int64_t kept = (int64_t)(allocated - freed);
	uint64_t limit = (uint64_t)limits->alloc_bytes;
	if (kept >= limits->alloc_bytes || kept <= -limits->alloc_bytes)
		return true;
	/* What came and went within one step leaves no trace in the difference. */
	const struct pmt_deltas *before =
	    trigger->has_pending ? &trigger->pending.sums : written;
	return now->allocated_bytes - before->allocated_bytes >= limit ||
	       now->freed_bytes - before->freed_bytes >= limit;
}

/* What ran until the event, and what it is about, without its sums: before the stack
 * moves. */
PMT_INLINE void pmt_trigger_set_point(struct pmt_trigger_point *to,
				      const struct pmt_trigger *trigger,
				      const struct pmt_trigger_event *event)
{
	struct pmt_open_call top = pmt_open_calls_top(&trigger->open);
	struct pmt_point *point = &to->point;

	*point = (struct pmt_point){
	    .op = (uint8_t)event->op,
	    .code_id = top.id, /* a leave, a line: of what runs */
	    .from_code_id = top.id,
	    .depth = event->depth,
	    .from_line = pmt_open_calls_is_c(&top) ? 0 : top.line,
	};
	if (pmt_op_is_enter(event->op) || event->op == PMT_POINT_C_CALL)
		point->code_id = (uint32_t)event->number;
	else if (event->op == PMT_OP_LINE)
		point->line = event->number;
	to->tick = event->tick;
}

PMT_INLINE void pmt_trigger_move_stack(struct pmt_open_calls *open, unsigned op,
				       uint64_t number)
{
	if (pmt_op_is_enter(op))
		pmt_open_calls_enter(open, (uint32_t)number);
	else if (pmt_op_is_leave(op))
		pmt_open_calls_leave(open);
	else if (op == PMT_OP_LINE)
		pmt_open_calls_line(open, (uint32_t)number);
	else if (op == PMT_POINT_C_CALL)
		pmt_open_calls_enter_c(open, (uint32_t)number);
	else
		pmt_open_calls_leave_c(open);
}

/* Nothing that the limits look at has moved since the last event, which waits: so does
 * this one. */
PMT_INLINE bool pmt_trigger_is_quiet(const struct pmt_trigger *trigger,
				     const struct pmt_deltas *now)
{
	const struct pmt_deltas *before = &trigger->pending.sums;

	return trigger->has_pending & !((now->allocated_count ^ before->allocated_count) |
					(now->freed_count ^ before->freed_count) |
					(uint64_t)(now->rss_pages ^ before->rss_pages));
}

/* Takes an event of which that is true. */
PMT_INLINE void pmt_trigger_wait(struct pmt_trigger *trigger,
				 const struct pmt_trigger_event *event)
{
	struct pmt_deltas *sums = &trigger->pending.sums;

	trigger->skipped_count++;
	pmt_trigger_set_point(&trigger->pending, trigger, event);
	sums->object_bytes = event->sums->object_bytes;
	sums->object_count = event->sums->object_count;
	sums->mapped_bytes = event->sums->mapped_bytes;
	sums->file_mapped_bytes = event->sums->file_mapped_bytes;
	pmt_trigger_move_stack(&trigger->open, event->op, event->number);
}

/* Takes an event. force: write it whatever moved. Returns how many of ret_points are to
 * be written, in order: 0, 1 or 2. */
unsigned pmt_trigger_take(struct pmt_trigger *trigger,
			  const struct pmt_trigger_limits *limits, bool force,
			  const struct pmt_trigger_event *event,
			  struct pmt_trigger_point ret_points[2]);

/* An event that cannot be written and of which nothing is kept: moves the stack. */
void pmt_trigger_pass(struct pmt_trigger *trigger, unsigned op, uint64_t number);

/* The event that waits, because something else follows; false when none does. */
bool pmt_trigger_take_pending(struct pmt_trigger *trigger,
			      struct pmt_trigger_point *ret_point);

#endif
