/* Events while paused; see hook_way.h. */
#include "event/hook_way.h"

_Atomic uint32_t pmt_hook_way;

void pmt_hook_event_other(struct pmt_thread *t, uint32_t way, unsigned op,
			  uint64_t number)
{
	struct pmt_emitter *e = &t->emitter;

	(void)number;
	if (!(way & PMT_WAY_PAUSED))
		return;
	if (e->live)
		pmt_emit_pause(e);
	pmt_emit_count(e, op);
	if (e->depth < e->floor)
		e->floor = e->depth;
}

void pmt_hook_c_event_other(struct pmt_thread *t, uint32_t way, enum pmt_ext type,
			    uint32_t id)
{
	(void)type, (void)id;
	if (way & PMT_WAY_PAUSED)
		t->emitter.event_count++;
}
