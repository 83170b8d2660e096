/* Stepping from frame to frame; see unwind.h. In malloc, on the thread itself. */
#include <config.h>

#include "native/unwind.h"

#include <string.h>
#include <ucontext.h>

#include "base/attr.h"
#include "python/frame_walk.h"

PMT_INLINE uint64_t load(uint64_t at)
{
	return *(const uint64_t *)(uintptr_t)at; /* NOLINT: an address on the stack */
}

/* Reads it for the frame, if it may be read. */
PMT_INLINE bool read_slot(const struct pmt_unwind *u, struct pmt_unwind_fresh *f,
			  uint64_t at, uint64_t *ret_value)
{
	if (PMT_UNLIKELY(!pmt_stack_holds(&u->bounds, at, sizeof(at))))
		return false;
	*ret_value = load(at);
	f->slots[f->slot_count++] = (struct pmt_unwind_slot){at, *ret_value};
	return true;
}

/* --- steps --- */

PMT_INLINE const struct pmt_cfi_rule *rule_for(struct pmt_unwind *u, uint64_t address)
{
	struct pmt_cfi_rule *rule =
	    &u->rules[address * 0x9e3779b97f4a7c15u >> 52]; /* 12 bits: RULES */

	if (PMT_UNLIKELY(rule->address != address))
		*rule = pmt_cfi_rule_at(address);
	return rule;
}

#if defined(__x86_64__)
/* The kernel's frame begins where the handler's return address was popped. */
static bool step_over_signal(struct pmt_unwind *u, struct pmt_unwind_fresh *f,
			     struct pmt_registers *r)
{
	const ucontext_t *context = (const ucontext_t *)(uintptr_t)r->sp; /* NOLINT */

	if (!pmt_stack_holds(&u->bounds, r->sp, sizeof(*context)))
		return false;
	const greg_t *regs = context->uc_mcontext.gregs;
	*r = (struct pmt_registers){.is_exact = true};
	if (!read_slot(u, f, (uintptr_t)&regs[REG_RIP], &r->pc) ||
	    !read_slot(u, f, (uintptr_t)&regs[REG_RSP], &r->sp) ||
	    !read_slot(u, f, (uintptr_t)&regs[REG_RBP], &r->bp))
		return false;
	bool is_here = pmt_stack_holds(&u->bounds, r->sp, 8);
	u->is_passing |= !is_here || r->sp <= f->frame.sp;
	return is_here || pmt_stack_bounds_find(&u->bounds, r->sp);
}

PMT_INLINE void read_registers(struct pmt_registers *r)
{
	__asm__ volatile("leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovq %%rbp, %2"
			 : "=r"(r->pc), "=r"(r->sp), "=r"(r->bp));
	r->is_exact = true;
}
#else
static bool step_over_signal(struct pmt_unwind *u, struct pmt_unwind_fresh *f,
			     struct pmt_registers *r)
{
	(void)u, (void)f, (void)r;
	return false;
}

PMT_INLINE void read_registers(struct pmt_registers *r)
{
	*r = (struct pmt_registers){0, 0, 0, true};
}
#endif

/* To the caller, with what that takes in f; false: that was the last frame. */
PMT_INLINE bool step(struct pmt_unwind *u, const struct pmt_cfi_rule *rule,
		     struct pmt_registers *r, struct pmt_unwind_fresh *f)
{
	if (PMT_UNLIKELY(rule->kind == PMT_CFI_SIGNAL)) {
		f->frame.end = r->sp;
		return step_over_signal(u, f, r);
	}
	uint64_t base = rule->kind == PMT_CFI_BY_SP ? r->sp : r->bp;
	uint64_t end = base + (uint64_t)(int64_t)rule->cfa_offset, bp_base = end;
	if (PMT_UNLIKELY(rule->kind == PMT_CFI_BY_POINTER)) {
		bp_base = base;
		if (!read_slot(u, f, end, &end))
			return false;
	}
	f->frame.end = end;
	if (rule->kind <= PMT_CFI_OUTERMOST || end <= r->sp ||
	    (rule->bp_offset != PMT_CFI_BP_SAME &&
	     !read_slot(u, f, bp_base + (uint64_t)(int64_t)rule->bp_offset, &r->bp)) ||
	    !read_slot(u, f, end - 8, &r->pc))
		return false;
	r->sp = end;
	r->is_exact = false;
	return r->pc != 0;
}

/* --- the last stack --- */

/* How many of the frames, the outermost first, stand on memory that is as it was. */
static size_t count_unchanged(const struct pmt_unwind *u, size_t count)
{
	uint64_t slots = count ? u->frames[count - 1].slots : 0, i = 0;

	uint64_t changes = 0;
	for (; i < slots; i++)
		changes |= load(u->slots[i].at) ^ u->slots[i].value;
	if (PMT_LIKELY(!changes))
		return count;
	for (i = 0; load(u->slots[i].at) == u->slots[i].value;)
		i++;
	while (count && u->frames[count - 1].slots > i)
		count--;
	return count;
}

/* Whether the walk has come, after so many fresh frames, to the innermost frame of those
 * kept. Frames that were further in are gone: *kept says how many are left. */
PMT_INLINE bool meets_kept(const struct pmt_unwind *u, const struct pmt_registers *r,
			   size_t fresh, size_t *kept)
{
	while (*kept && u->frames[*kept - 1].sp < r->sp)
		--*kept;
	if (!*kept)
		return false;
	const struct pmt_unwind_frame *f = &u->frames[*kept - 1];
	if (f->sp != r->sp || f->bp != r->bp || f->address != r->pc - !r->is_exact)
		return false;
	size_t unchanged = count_unchanged(u, *kept);
	bool meets = unchanged == *kept;
	/* The innermost frames are those to be had: a stack too deep is walked whole. */
	if (meets && *kept + fresh > PMT_UNWIND_FRAMES_MAX)
		unchanged = 0, meets = false;
	*kept = unchanged;
	return meets;
}

static void append_fresh(struct pmt_unwind *u, size_t kept, size_t fresh)
{
	uint64_t slots = kept ? u->frames[kept - 1].slots : 0;
	uint64_t hash = kept ? u->frames[kept - 1].hash : 0;

	while (fresh--) {
		struct pmt_unwind_fresh *f = &u->fresh[fresh];

		for (uint32_t i = 0; i < f->slot_count; i++)
			u->slots[slots++] = f->slots[i];
		f->frame.slots = slots;
		f->frame.hash = hash = pmt_frame_mix(hash, f->frame.address);
		u->frames[kept++] = f->frame;
	}
	u->count = kept;
}

PMT_NOINLINE void pmt_unwind_self(struct pmt_unwind *u)
{
	struct pmt_registers r;
	size_t fresh = 0, kept = u->is_passing ? 0 : u->count;

	read_registers(&r);
	if (PMT_UNLIKELY(!pmt_stack_holds(&u->bounds, r.sp, 8))) {
		u->count = kept = 0;
		if (!pmt_stack_bounds_find(&u->bounds, r.sp))
			return;
	}
	u->is_passing = false;
	pmt_own_frames_leave(&u->own, &r, u->bounds.high - r.sp);
	for (;;) {
		if (meets_kept(u, &r, fresh, &kept))
			break;
		if (fresh == PMT_UNWIND_FRAMES_MAX) {
			kept = 0;
			u->is_whole = false;
			u->is_passing = true;
			break;
		}
		struct pmt_unwind_fresh *f = &u->fresh[fresh];
		uint64_t address = r.pc - !r.is_exact;
		const struct pmt_cfi_rule *rule = rule_for(u, address);
		f->frame = (struct pmt_unwind_frame){address, r.sp, r.bp, 0, 0, 0};
		f->slot_count = 0;
		bool goes_on = step(u, rule, &r, f);
		fresh++;
		if (!goes_on) {
			kept = 0;
			u->is_whole = rule->kind == PMT_CFI_OUTERMOST || r.pc == 0;
			break;
		}
	}
	append_fresh(u, kept, fresh);
}

void pmt_unwind_forget(struct pmt_unwind *u)
{
	u->count = 0;
	memset(u->rules, 0, sizeof(u->rules));
}
