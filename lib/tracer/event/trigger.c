/* The rule and its memory; see trigger.h. */
#include "event/trigger.h"

void pmt_trigger_pass(struct pmt_trigger *trigger, unsigned op, uint64_t number)
{
	pmt_trigger_move_stack(&trigger->open, op, number);
	trigger->skipped_count += trigger->has_pending;
	trigger->has_pending = false;
}

bool pmt_trigger_take_pending(struct pmt_trigger *trigger,
			      struct pmt_trigger_point *ret_point)
{
	if (!trigger->has_pending)
		return false;
	*ret_point = trigger->pending;
	ret_point->point.skipped_count = trigger->skipped_count;
	trigger->written = trigger->pending.sums;
	trigger->skipped_count = 0;
	trigger->has_pending = false;
	return true;
}

unsigned pmt_trigger_take(struct pmt_trigger *trigger,
			  const struct pmt_trigger_limits *limits, bool force,
			  const struct pmt_trigger_event *event,
			  struct pmt_trigger_point ret_points[2])
{
	unsigned count = 0;

	if (force || !trigger->begun ||
	    pmt_trigger_is_reached(trigger, limits, event->sums)) {
		count += pmt_trigger_take_pending(trigger, &ret_points[0]);
		pmt_trigger_set_point(&ret_points[count], trigger, event);
		ret_points[count].sums = *event->sums;
		ret_points[count].point.skipped_count = trigger->skipped_count;
		trigger->skipped_count = 0;
		trigger->written = *event->sums;
		trigger->begun = true;
		count++;
	} else {
		trigger->skipped_count += trigger->has_pending;
		trigger->has_pending = true;
		pmt_trigger_set_point(&trigger->pending, trigger, event);
		trigger->pending.sums = *event->sums;
	}
	pmt_trigger_move_stack(&trigger->open, event->op, event->number);
	return count;
}
