/*
 * The rare side of summing events per call path: a thread's first, pauses, calls of C
 * functions, what is not in the tree. On the thread whose tree it is.
 */
#include "event/context.h"

#include "event/hook_way.h"
#include "event/points.h"
#include "run/run.h"

static void lose(void)
{
	pmt_area_count_loss(&pmt_run->area, PMT_LOSS_TREE_FULL, 1);
}

PMT_INLINE void charge(struct pmt_context *c, const struct pmt_deltas *sums,
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
PMT_INLINE struct pmt_context *enter(struct pmt_thread *t, struct pmt_context *now,
				     uint32_t code_id, bool is_c)
{
	struct pmt_context *child = now->recent;

	if (PMT_UNLIKELY(now->depth != t->emitter.depth)) {
		lose();
		return now;
	}
	if (PMT_UNLIKELY(child->code_id != code_id)) {
		child = pmt_context_child(t, now, code_id, is_c);
		if (!child) {
			lose();
			return now;
		}
	}
	child->call_count++;
	return child;
}

static void look_around(struct pmt_thread *t)
{
	t->emitter.clock_countdown = PMT_CONTEXT_LOOK_EVERY;
	if (pmt_load32_relaxed(&pmt_emit_drain_missing))
		pmt_emit_want_drain();
	if (!t->emitter.named)
		pmt_emit_look_for_name(t);
}

static struct pmt_context *leave_root(struct pmt_thread *t)
{
	uint64_t depth = t->emitter.depth;
	struct pmt_context *root = t->tree.outside;

	if (depth)
		root = pmt_context_new_root(t, PMT_TREE_OPEN, (uint32_t)depth);
	return root ? root : t->tree.outside;
}

void pmt_context_stop(struct pmt_thread *t)
{
	if (!t->tree.now)
		return;
	t->tree.kept = t->tree.now;
	t->tree.now = NULL;
}

static struct pmt_context *paused_context(struct pmt_thread *t)
{
	struct pmt_context_tree *tree = &t->tree;

	if (!tree->paused)
		tree->paused = pmt_context_new_root(t, PMT_TREE_PAUSED, 0);
	return tree->paused ? tree->paused : tree->outside;
}

void pmt_context_settle(struct pmt_thread *t)
{
	struct pmt_context_tree *tree = &t->tree;

	if (!tree->outside)
		return;
	charge(tree->now ? tree->now : paused_context(t), &t->sums, &t->emitter.emitted);
}

/* From here on the stream has no events; what its thread did until now is in records. */
static bool begin_tree(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;
	uint8_t payload[PMT_VARINT_MAX_BYTES];
	const uint8_t *end = pmt_varint_put(payload, e->depth);

	pmt_points_settle(t);
	if (!pmt_emit_checkpoint(e, &t->sums) ||
	    !pmt_emit_extended(e, NULL, PMT_EXT_TREE_BEGIN, payload,
			       (size_t)(end - payload)))
		return false;
	e->recorded = e->emitted;
	e->summed = 1;
	e->clock_countdown = PMT_CONTEXT_LOOK_EVERY / 2;
	return pmt_context_tree_open(t, e->depth);
}

/* Behind a pause: the calls that lived through it, and unknown ones on top of them. */
static struct pmt_context *context_behind_pause(struct pmt_thread *t, uint64_t floor)
{
	struct pmt_context *now = t->tree.kept;
	uint64_t depth = t->emitter.depth;

	while (now && now->depth > floor)
		now = now->parent;
	if (!now) {
		t->emitter.depth = floor;
		now = leave_root(t);
		t->emitter.depth = depth;
	}
	while (now->depth < depth) {
		struct pmt_context *unknown = pmt_context_child(t, now, 0, false);
		if (!unknown)
			break;
		now = unknown;
	}
	return now;
}

/* The thread stands somewhere in its tree: true. Not yet, or it does not count: false,
 * and the event was dropped. */
static bool get_ready(struct pmt_thread *t, unsigned op)
{
	struct pmt_emitter *e = &t->emitter;
	uint64_t floor = e->floor;

	e->busy = 1;
	pmt_context_settle(t);
	if (!pmt_emit_begin_slow(t) || (!t->tree.outside && !begin_tree(t))) {
		pmt_emit_drop(t, op);
		return false;
	}
	if (!t->tree.now)
		t->tree.now = context_behind_pause(t, floor);
	e->busy = 0;
	return true;
}

/* A forked child whose parent had come to max_size begins a trace of its own, and that
 * has events: found out when its first opens the stream. */
static bool has_events(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (e->live)
		return false;
	e->busy = 1;
	bool opened = pmt_emit_begin_slow(t) != NULL;
	e->busy = 0;
	return opened && !(pmt_load32_relaxed(&pmt_hook_way) & PMT_WAY_TREE);
}

/* The event when nothing is known to run: the first of a thread, after a pause. */
static __attribute__((noinline)) void begin_and_move(struct pmt_thread *t, unsigned op,
						     uint32_t code_id)
{
	if (has_events(t))
		pmt_emit_event(t, op, code_id);
	else if (!get_ready(t, op))
		return;
	else if (pmt_op_is_enter(op))
		pmt_context_entered(t, op, code_id);
	else
		pmt_context_left(t, op);
}

PMT_INLINE void begin_event(struct pmt_thread *t, struct pmt_context *now)
{
	t->emitter.busy = 1;
	if (PMT_UNLIKELY(pmt_rss_moved(t)))
		pmt_rss_read_self(t);
	charge(now, &t->sums, &t->emitter.emitted);
}

PMT_INLINE void end_event(struct pmt_thread *t, struct pmt_context *now)
{
	struct pmt_emitter *e = &t->emitter;

	t->tree.now = now;
	e->event_count++;
	e->busy = 0;
	if (PMT_UNLIKELY(--e->clock_countdown == 0))
		look_around(t);
}

void pmt_context_entered(struct pmt_thread *t, unsigned op, uint32_t code_id)
{
	struct pmt_context *now = t->tree.now;

	if (PMT_UNLIKELY(!now)) {
		begin_and_move(t, op, code_id);
		return;
	}
	begin_event(t, now);
	now = enter(t, now, code_id, false);
	t->emitter.depth++;
	end_event(t, now);
}

void pmt_context_left(struct pmt_thread *t, unsigned op)
{
	struct pmt_emitter *e = &t->emitter;
	struct pmt_context *now = t->tree.now;

	if (PMT_UNLIKELY(!now)) {
		begin_and_move(t, op, 0);
		return;
	}
	if (PMT_UNLIKELY(e->depth == 0))
		return;
	begin_event(t, now);
	e->depth--;
	/* More than one where the return of a C function was not seen. */
	while (now && now->depth > e->depth)
		now = now->parent;
	end_event(t, PMT_LIKELY(now != NULL) ? now : leave_root(t));
}

void pmt_context_c_event(struct pmt_thread *t, enum pmt_ext type, uint32_t code_id)
{
	struct pmt_emitter *e = &t->emitter;

	if (!t->tree.now && has_events(t)) {
		pmt_emit_c_event(t, type, code_id);
		return;
	}
	if (!t->tree.now && !get_ready(t, PMT_OP_EXTENDED))
		return;
	struct pmt_context *now = t->tree.now;
	begin_event(t, now);
	if (type == PMT_EXT_C_CALL)
		now = enter(t, now, code_id, true);
	else if (now->is_c && now->depth == e->depth)
		now = now->parent;
	end_event(t, now);
}
