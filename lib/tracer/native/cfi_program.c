/* Instructions of .eh_frame; see cfi_program.h. Formats: DWARF 5, 6.4.2. */
#include "native/cfi_program.h"

#include <string.h>

enum { REG_BP = 6, REG_SP = 7, REG_RETURN = 16, RETURN_OFFSET = -8 };

/* --- expressions --- */

/* The two that compilers and linkers use: what lies in memory at the frame pointer, for a
 * realigned stack; and that of a PLT, whose entries push once from an address on. */
static void set_base_by_expression(struct pmt_cfi_program *p, struct pmt_cfi_bytes e)
{
	static const uint8_t before[] = {0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a};
	static const uint8_t after[] = {0x2a, 0x33, 0x24, 0x22};
	enum { BREG_BP = 0x70 + REG_BP, DEREF = 0x06, LIT0 = 0x30 };
	size_t size = (size_t)(e.end - e.p);

	p->now.base = PMT_CFI_BASE_ODD;
	if (size == sizeof(before) + 1 + sizeof(after) &&
	    memcmp(e.p, before, sizeof(before)) == 0 &&
	    memcmp(e.p + sizeof(before) + 1, after, sizeof(after)) == 0) {
		bool is_pushed = (p->wanted & 15) >= e.p[sizeof(before)] - (uint64_t)LIT0;

		p->now.base = PMT_CFI_BASE_SP;
		p->now.base_offset = is_pushed ? 16 : 8;
	} else if (pmt_cfi_get(&e, 1) == BREG_BP) {
		p->now.base_offset = pmt_cfi_get_sleb(&e);
		if (pmt_cfi_get(&e, 1) == DEREF && e.p == e.end)
			p->now.base = PMT_CFI_BASE_POINTER;
	}
}

static void set_bp_by_expression(struct pmt_cfi_program *p, struct pmt_cfi_bytes e)
{
	p->now.bp = PMT_CFI_BP_ODD;
	if (pmt_cfi_get(&e, 1) == 0x70 + REG_BP) {
		p->now.bp_offset = pmt_cfi_get_sleb(&e);
		if (!e.bad && e.p == e.end)
			p->now.bp = PMT_CFI_BP_AT_BP;
	}
}

/* --- instructions --- */

static void set_base(struct pmt_cfi_program *p, uint64_t reg)
{
	p->now.base = reg == REG_SP   ? PMT_CFI_BASE_SP
		      : reg == REG_BP ? PMT_CFI_BASE_BP
				      : PMT_CFI_BASE_ODD;
}

static void set_saved(struct pmt_cfi_program *p, uint64_t reg, int64_t offset)
{
	if (reg == REG_BP) {
		p->now.bp = PMT_CFI_BP_AT_CFA;
		p->now.bp_offset = offset;
	}
	/* All that we know of puts the return address where the call did. */
	if (reg == REG_RETURN)
		p->now.has_odd_return = offset != RETURN_OFFSET;
}

static void set_odd(struct pmt_cfi_program *p, uint64_t reg)
{
	if (reg == REG_BP)
		p->now.bp = PMT_CFI_BP_ODD;
	if (reg == REG_RETURN)
		p->now.has_odd_return = true;
}

static void restore(struct pmt_cfi_program *p, uint64_t reg)
{
	if (reg != REG_BP)
		return;
	p->now.bp = p->initial.bp;
	p->now.bp_offset = p->initial.bp_offset;
}

static void run_about_base(struct pmt_cfi_program *p, unsigned op)
{
	struct pmt_cfi_bytes *c = &p->code;

	switch (op) {
	case 0x0c: /* def_cfa */
		set_base(p, pmt_cfi_get_uleb(c));
		p->now.base_offset = (int64_t)pmt_cfi_get_uleb(c);
		break;
	case 0x0d: /* def_cfa_register */
		set_base(p, pmt_cfi_get_uleb(c));
		break;
	case 0x0e: /* def_cfa_offset */
		p->now.base_offset = (int64_t)pmt_cfi_get_uleb(c);
		break;
	case 0x0f: /* def_cfa_expression */
		set_base_by_expression(p, pmt_cfi_get_block(c));
		break;
	case 0x12: /* def_cfa_sf */
		set_base(p, pmt_cfi_get_uleb(c));
		p->now.base_offset = pmt_cfi_get_sleb(c) * p->data_step;
		break;
	default: /* 0x13: def_cfa_offset_sf */
		p->now.base_offset = pmt_cfi_get_sleb(c) * p->data_step;
	}
}

static void run_about_register(struct pmt_cfi_program *p, unsigned op)
{
	struct pmt_cfi_bytes *c = &p->code;
	uint64_t reg = pmt_cfi_get_uleb(c);

	switch (op) {
	case 0x05: /* offset_extended */
		set_saved(p, reg, (int64_t)pmt_cfi_get_uleb(c) * p->data_step);
		break;
	case 0x11: /* offset_extended_sf */
		set_saved(p, reg, pmt_cfi_get_sleb(c) * p->data_step);
		break;
	case 0x06: /* restore_extended */
		restore(p, reg);
		break;
	case 0x07: /* undefined: of the outermost function, which returns nowhere */
		set_odd(p, reg);
		p->now.has_caller &= reg != REG_RETURN;
		break;
	case 0x08: /* same_value */
		if (reg == REG_BP)
			p->now.bp = PMT_CFI_BP_KEPT;
		break;
	case 0x09: /* register */
		pmt_cfi_get_uleb(c);
		set_odd(p, reg);
		break;
	case 0x10: { /* expression */
		struct pmt_cfi_bytes e = pmt_cfi_get_block(c);
		if (reg == REG_BP)
			set_bp_by_expression(p, e);
		else
			set_odd(p, reg);
		break;
	}
	case 0x16: /* val_expression */
		pmt_cfi_get_block(c);
		set_odd(p, reg);
		break;
	default: /* 0x14 and 0x15: val_offset */
		pmt_cfi_get_sleb(c);
		set_odd(p, reg);
	}
}

static void remember(struct pmt_cfi_program *p, bool restores)
{
	if (!restores && p->saved_count < PMT_CFI_SAVED_MAX)
		p->saved[p->saved_count++] = p->now;
	else if (restores && p->saved_count)
		p->now = p->saved[--p->saved_count];
	else
		p->code.bad = true;
}

static void run_one(struct pmt_cfi_program *p, unsigned op)
{
	struct pmt_cfi_bytes *c = &p->code;

	switch (op) {
	case 0x00:
		break;
	case 0x01: /* set_loc */
		p->at = pmt_cfi_get_encoded(c, p->encoding, NULL);
		break;
	case 0x02: /* advance_loc1, 2 and 4 */
	case 0x03:
	case 0x04:
		p->at += pmt_cfi_get(c, 1u << (op - 2)) * p->code_step;
		break;
	case 0x0a: /* remember_state, restore_state */
	case 0x0b:
		remember(p, op == 0x0b);
		break;
	case 0x0c:
	case 0x0d:
	case 0x0e:
	case 0x0f:
	case 0x12:
	case 0x13:
		run_about_base(p, op);
		break;
	case 0x2e: /* GNU_args_size */
		pmt_cfi_get_uleb(c);
		break;
	default:
		if (op > 0x16)
			c->bad = true;
		else
			run_about_register(p, op);
	}
}

void pmt_cfi_program_run(struct pmt_cfi_program *p)
{
	struct pmt_cfi_bytes *c = &p->code;

	while (c->p < c->end && !c->bad) {
		unsigned op = (unsigned)pmt_cfi_get(c, 1), low = op & 0x3f;

		switch (op >> 6) {
		case 1: /* advance_loc */
			p->at += low * p->code_step;
			break;
		case 2: /* offset */
			set_saved(p, low, (int64_t)pmt_cfi_get_uleb(c) * p->data_step);
			break;
		case 3:
			restore(p, low);
			break;
		default:
			run_one(p, op);
		}
		if (p->at > p->wanted)
			return;
	}
}
