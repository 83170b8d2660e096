/*
 * One pass of the drain: from the rings into the trace. Bytes leave a ring only after
 * they are in the file, so that a kill between the two shows them twice, never not at
 * all; the reader drops the overlap by position.
 */
#include "drain/pass.h"

#include <errno.h>
#include <signal.h>

#include "drain/contexts.h"
#include "drain/trace_file.h"
#include "event/blocks.h"
#include "event/context.h"
#include "event/emit.h"
#include "event/points.h"
#include "os/sys.h"
#include "run/run.h"
#include "stack/stack_ids.h"

/* Takes what lies in this slot now, not what a busy producer adds meanwhile: that would
 * be many small chunks, each with its own file opened and closed. Returns the bytes
 * taken. */
static uint64_t take_slot(struct pmt_run *run, const struct pmt_slot_map *map)
{
	uint64_t size = run->area.header->slot_data_bytes;
	struct pmt_chunk_header chunk = {.stream = map->slot->stream};
	uint64_t until = pmt_load_acquire(&map->slot->head);
	uint64_t taken = 0;

	while ((int64_t)(until - pmt_load_relaxed(&map->slot->tail)) > 0) {
		const uint8_t *bytes;
		size_t count = pmt_ring_peek_drain(map->slot, map->data, size, &bytes);
		chunk.from = pmt_load_relaxed(&map->slot->tail);
		chunk.to = chunk.from + count;
		if (pmt_trace_file_append(&run->trace, &chunk, bytes) < 0)
			return taken; /* it stays in the ring; said and counted there */
		pmt_ring_consume_drain(map->slot, count);
		taken += count;
	}
	return taken;
}

static const struct pmt_slot_map *process_slot(const struct pmt_run *run)
{
	for (uint32_t i = 0; i < pmt_area_slot_count(&run->area); i++)
		if (run->area.slots[i].slot == run->process.ring.slot)
			return &run->area.slots[i];
	return NULL;
}

bool pmt_pass_take_process_locked(void)
{
	const struct pmt_slot_map *map = process_slot(pmt_run);

	return map && take_slot(pmt_run, map) > 0;
}

uint64_t pmt_pass_process_mortal_bytes(void)
{
	const struct pmt_slot_map *map = process_slot(pmt_run);

	if (!map || !map->is_private)
		return 0;
	return pmt_load_acquire(&map->slot->head) - pmt_load_relaxed(&map->slot->tail);
}

bool pmt_pass_write_process_locked(enum pmt_ext type, const uint8_t *payload,
				   const uint8_t *end)
{
	struct pmt_emitter *e = &pmt_run->process;

	while (!pmt_emit_extended_at(e, pmt_clock_ticks(), NULL, type, payload,
				     (size_t)(end - payload)))
		if (!pmt_pass_take_process_locked())
			return false;
	return true;
}

uint64_t pmt_pass_take_locked(uint64_t least)
{
	struct pmt_run *run = pmt_run;
	uint32_t count = pmt_area_slot_count(&run->area);
	uint64_t taken = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct pmt_slot_map *map = &run->area.slots[i];
		uint32_t state = pmt_load32_acquire(&map->slot->state);
		uint64_t held = pmt_load_acquire(&map->slot->head) -
				pmt_load_relaxed(&map->slot->tail);

		if (state == PMT_SLOT_FREE || state == PMT_SLOT_CONTEXTS ||
		    state == PMT_SLOT_LIVE)
			continue;
		if (held >= least || (held && state == PMT_SLOT_DEAD))
			taken += take_slot(run, map);
		if (state == PMT_SLOT_DEAD && pmt_load_relaxed(&map->slot->tail) ==
						  pmt_load_acquire(&map->slot->head))
			pmt_area_free_slot(map);
	}
	if (run->trace.full && !run->is_full)
		pmt_run_go_on_summing_locked(run);
	return taken;
}

static void reap(struct pmt_run *run, struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (!pmt_rss_close(t))
		return;
	if (e->live) {
		pmt_context_settle(t);
		if (!pmt_contexts_write_locked(t))
			return;
		/* Its last word: what it allocated after its last event. If there is no
		 * room now, the thread stays and is asked again at the next pass. */
		pmt_points_settle(t);
		if (!pmt_emit_checkpoint(e, &t->sums))
			return;
		struct pmt_ring_slot *slot = e->ring.slot;
		pmt_context_tree_close(t);
		e->live = 0;
		e->ring.limit = 0;
		pmt_store32_release(&slot->state, PMT_SLOT_DEAD);
	} else {
		pmt_run_add_native_sums(run, t);
	}
	pmt_points_close(t);
	pmt_stacks_free(t->stacks);
	pmt_blocks_free_coding(t->coding);
	pmt_live_thread_free(&t->live);
	pmt_thread_free(t);
}

void pmt_pass_reap_locked(void)
{
	struct pmt_run *run = pmt_run;
	struct pmt_thread *t;

	for (uint32_t i = 0; (t = pmt_thread_at(i)) != NULL; i++) {
		uint32_t tid = pmt_load32_acquire(&t->os_tid);
		if (tid && pmt_sys_tgkill(run->pid, (pid_t)tid, 0) == -ESRCH)
			reap(run, t);
	}
}

void pmt_pass_free_slots(void)
{
	if (!pmt_drain_try_lock())
		return;
	pmt_pass_reap_locked();
	pmt_pass_take_locked(UINT64_MAX); /* of the dead only */
	pmt_drain_unlock();
}
