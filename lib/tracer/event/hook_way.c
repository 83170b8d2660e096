/* Events while paused, under a trigger, or summed; see hook_way.h. */
#include "event/hook_way.h"

#include "event/context.h"
#include "event/points.h"

_Atomic uint32_t pmt_hook_way;

/* op is an enum pmt_op or an enum pmt_point_op. */
static void pass_paused(struct pmt_thread *t, unsigned op, uint64_t number)
{
	struct pmt_emitter *e = &t->emitter;

	if (e->live && !e->paused) {
		pmt_points_settle(t);
		pmt_emit_pause(e);
	}
	if (e->paused)
		pmt_context_stop(t);
	pmt_points_pass(t, op, number);
	pmt_emit_count(e, op < PMT_OP_EXTENDED ? op : (unsigned)PMT_OP_EXTENDED);
	if (e->depth < e->floor)
		e->floor = e->depth;
}

static void other(struct pmt_thread *t, uint32_t way, unsigned op, uint64_t number)
{
	if (PMT_LIKELY(way == PMT_WAY_POINTS))
		pmt_points_event(t, op, number);
	else if (way & PMT_WAY_PAUSED)
		pass_paused(t, op, number);
}

void pmt_hook_event_other(struct pmt_thread *t, uint32_t way, unsigned op,
			  uint64_t number)
{
	if ((way & (PMT_WAY_TREE | PMT_WAY_PAUSED)) != PMT_WAY_TREE)
		other(t, way, op, number);
	else if (pmt_op_is_enter(op)) /* after POINTS; of lines there are no sums */
		pmt_context_entered(t, op, (uint32_t)number);
	else if (pmt_op_is_leave(op))
		pmt_context_left(t, op);
}

void pmt_hook_c_event_other(struct pmt_thread *t, uint32_t way, enum pmt_ext type,
			    uint32_t id)
{
	if ((way & (PMT_WAY_TREE | PMT_WAY_PAUSED)) == PMT_WAY_TREE)
		pmt_context_c_event(t, type, id);
	else
		other(t, way, PMT_OP_EXTENDED + (unsigned)type, id);
}
