/* Leaving our own code; see own_frames.h. In malloc, on the thread itself. */
#include "native/own_frames.h"

static uint64_t own_from, own_to;

void pmt_own_frames_init(const struct pmt_module_place *own)
{
	own_from = (uint64_t)(uintptr_t)own->map_start;
	own_to = (uint64_t)(uintptr_t)own->map_end;
}

bool pmt_own_frames_has(uint64_t address)
{
	return address - own_from < own_to - own_from;
}

PMT_INLINE uint64_t load(uint64_t at)
{
	return *(const uint64_t *)(uintptr_t)at; /* NOLINT: an address on the stack */
}

PMT_INLINE bool is_way(const struct pmt_own_way *w, uint64_t sp, uint64_t room)
{
	if (w->count == 0 || w->return_at[w->count - 1] + sizeof(uint64_t) > room)
		return false;
	for (uint32_t i = 0; i + 1 < w->count; i++)
		if (load(sp + w->return_at[i]) != w->return_to[i])
			return false;
	return true;
}

static void go(const struct pmt_own_way *w, struct pmt_registers *r)
{
	uint32_t last = w->count - 1;

	r->pc = load(r->sp + w->return_at[last]);
	if (w->bp_at)
		r->bp = load(r->sp + w->bp_at);
	r->sp += w->return_at[last] + sizeof(uint64_t);
	r->is_exact = false;
}

/* By the rules of each frame. Ours are plain: all by the stack pointer. */
static bool find_way(const struct pmt_registers *r, uint64_t room,
		     struct pmt_own_way *ret_way)
{
	struct pmt_own_way w = {0};
	uint64_t address = r->pc - !r->is_exact;
	int64_t at = 0; /* where the frame's stack begins, above r->sp */

	while (w.count < PMT_OWN_FRAMES_MAX) {
		struct pmt_cfi_rule rule = pmt_cfi_rule_at(address);

		if (rule.kind != PMT_CFI_BY_SP || rule.cfa_offset < 8)
			return false;
		at += rule.cfa_offset;
		if ((uint64_t)at > room || at > INT32_MAX)
			return false;
		if (rule.bp_offset != PMT_CFI_BP_SAME) {
			if (at + rule.bp_offset <= 0 || rule.bp_offset > -8)
				return false;
			w.bp_at = (uint32_t)(at + rule.bp_offset);
		}
		w.return_at[w.count] = (uint32_t)at - 8;
		uint64_t to = load(r->sp + (uint64_t)at - 8);
		w.return_to[w.count++] = to;
		address = to - 1;
		if (!pmt_own_frames_has(address)) {
			*ret_way = w;
			return true;
		}
	}
	return false;
}

bool pmt_own_frames_leave(struct pmt_own_frames *own, struct pmt_registers *r,
			  uint64_t room)
{
	for (unsigned i = 0; i < PMT_OWN_WAYS; i++) {
		if (is_way(&own->ways[i], r->sp, room)) {
			go(&own->ways[i], r);
			return true;
		}
	}
	struct pmt_own_way *w = &own->ways[own->next++ % PMT_OWN_WAYS];
	if (!find_way(r, room, w)) {
		w->count = 0;
		return false;
	}
	go(w, r);
	return true;
}
