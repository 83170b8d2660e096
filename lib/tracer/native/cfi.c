/*
 * From .eh_frame to rules; see cfi.h. The tables are those of modules that run, made by
 * their linker: they are taken at their word, but for what would lead out of bounds.
 * Formats: DWARF 5, 6.4, and the Linux Standard Base's .eh_frame.
 */
#include <config.h>

#include "native/cfi.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

typedef int find_object_fn(void *address, struct pmt_module_place *ret_place);

static find_object_fn *find_object;

bool pmt_cfi_init(void)
{
#if defined(__x86_64__)
	void *found = dlsym(RTLD_DEFAULT, "_dl_find_object");

	find_object = *(find_object_fn **)&found;
#endif
	return find_object != NULL;
}

bool pmt_module_find(uint64_t address, struct pmt_module_place *ret_place)
{
	return find_object &&
	       find_object((void *)(uintptr_t)address, ret_place) == 0; /* NOLINT */
}

/* --- reading --- */

struct bytes {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

static uint64_t get(struct bytes *b, unsigned size)
{
	uint64_t value = 0;

	if ((size_t)(b->end - b->p) < size) {
		b->bad = true;
		return 0;
	}
	memcpy(&value, b->p, size);
	b->p += size;
	return value;
}

static uint64_t get_uleb(struct bytes *b)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint64_t byte = get(b, 1);

		value |= (byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	b->bad = true;
	return value;
}

static int64_t get_sleb(struct bytes *b)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 63;) {
		uint64_t byte = get(b, 1);

		value |= (byte & 0x7f) << shift;
		shift += 7;
		if (!(byte & 0x80))
			return (int64_t)(byte & 0x40 ? value | ~UINT64_C(0) << shift
						     : value);
	}
	b->bad = true;
	return 0;
}

enum { FORM = 0x0f, RELATIVE = 0x70, PC_RELATIVE = 0x10, DATA_RELATIVE = 0x30 };

/* A pointer in one of the encodings that linkers use. */
static uint64_t get_encoded(struct bytes *b, uint8_t encoding, const uint8_t *base)
{
	uint64_t at = (uint64_t)(uintptr_t)b->p, value;

	switch (encoding & FORM) {
	case 0x00:
	case 0x04:
	case 0x0c:
		value = get(b, 8);
		break;
	case 0x03:
		value = get(b, 4);
		break;
	case 0x0b:
		value = (uint64_t)(int64_t)(int32_t)get(b, 4);
		break;
	default:
		b->bad = true;
		return 0;
	}
	if ((encoding & RELATIVE) == PC_RELATIVE)
		return value + at;
	if ((encoding & RELATIVE) == DATA_RELATIVE)
		return value + (uint64_t)(uintptr_t)base;
	b->bad |= (encoding & RELATIVE) != 0;
	return value;
}

/* --- the program of a frame --- */

enum { REG_BP = 6, REG_SP = 7, REG_RETURN = 16, SAVED_MAX = 8, OTHER = -1 };

struct state {
	int cfa_register; /* OTHER: an expression */
	int64_t cfa_offset;
	int64_t bp_offset; /* PMT_CFI_BP_SAME */
	bool bp_is_odd;
	bool ends; /* there is no return address */
};

struct program {
	struct bytes code;
	uint64_t at;     /* the address that the next instruction is about */
	uint64_t wanted; /* stop behind it */
	uint64_t code_step;
	int64_t data_step;
	uint8_t encoding;
	struct state now;
	struct state initial;
	struct state saved[SAVED_MAX];
	unsigned saved_count;
};

static void set_bp(struct program *p, uint64_t reg, int64_t offset)
{
	if (reg == REG_BP) {
		p->now.bp_offset = offset;
		p->now.bp_is_odd = false;
	}
	/* All that we know of puts the return address where the call did. */
	if (reg == REG_RETURN && offset != -8)
		p->now.ends = true;
}

static void set_odd(struct program *p, uint64_t reg)
{
	if (reg == REG_BP)
		p->now.bp_is_odd = true;
	if (reg == REG_RETURN)
		p->now.ends = true;
}

static void run_about_cfa(struct program *p, unsigned op)
{
	struct bytes *c = &p->code;

	switch (op) {
	case 0x0c: /* def_cfa */
		p->now.cfa_register = (int)get_uleb(c);
		p->now.cfa_offset = (int64_t)get_uleb(c);
		break;
	case 0x0d: /* def_cfa_register */
		p->now.cfa_register = (int)get_uleb(c);
		break;
	case 0x0e: /* def_cfa_offset */
		p->now.cfa_offset = (int64_t)get_uleb(c);
		break;
	case 0x0f: { /* def_cfa_expression */
		uint64_t size = get_uleb(c);
		p->now.cfa_register = OTHER;
		c->bad |= size > (uint64_t)(c->end - c->p);
		c->p += c->bad ? 0 : size;
		break;
	}
	case 0x12: /* def_cfa_sf */
		p->now.cfa_register = (int)get_uleb(c);
		p->now.cfa_offset = get_sleb(c) * p->data_step;
		break;
	default: /* 0x13: def_cfa_offset_sf */
		p->now.cfa_offset = get_sleb(c) * p->data_step;
	}
}

static void run_about_register(struct program *p, unsigned op)
{
	struct bytes *c = &p->code;
	uint64_t reg = get_uleb(c), size;

	switch (op) {
	case 0x05: /* offset_extended */
		set_bp(p, reg, (int64_t)get_uleb(c) * p->data_step);
		break;
	case 0x11: /* offset_extended_sf */
		set_bp(p, reg, get_sleb(c) * p->data_step);
		break;
	case 0x06: /* restore_extended */
		if (reg == REG_BP)
			p->now.bp_offset = p->initial.bp_offset;
		break;
	case 0x08: /* same_value */
		if (reg == REG_BP)
			p->now.bp_offset = PMT_CFI_BP_SAME;
		break;
	case 0x09: /* register */
		get_uleb(c);
		set_odd(p, reg);
		break;
	case 0x10: /* expression */
	case 0x16: /* val_expression */
		size = get_uleb(c);
		c->bad |= size > (uint64_t)(c->end - c->p);
		c->p += c->bad ? 0 : size;
		set_odd(p, reg);
		break;
	default: /* 0x07 undefined, 0x14 and 0x15 val_offset */
		if (op != 0x07)
			get_sleb(c);
		set_odd(p, reg);
	}
}

static void remember(struct program *p, bool restores)
{
	if (!restores && p->saved_count < SAVED_MAX)
		p->saved[p->saved_count++] = p->now;
	else if (restores && p->saved_count)
		p->now = p->saved[--p->saved_count];
	else
		p->code.bad = true;
}

static void run_one(struct program *p, unsigned op)
{
	struct bytes *c = &p->code;

	switch (op) {
	case 0x00:
		break;
	case 0x01:
		p->at = get_encoded(c, p->encoding, NULL);
		break;
	case 0x02:
	case 0x03:
	case 0x04:
		p->at += get(c, 1u << (op - 2)) * p->code_step;
		break;
	case 0x0a:
	case 0x0b:
		remember(p, op == 0x0b);
		break;
	case 0x0c:
	case 0x0d:
	case 0x0e:
	case 0x0f:
	case 0x12:
	case 0x13:
		run_about_cfa(p, op);
		break;
	case 0x2e: /* GNU_args_size */
		get_uleb(c);
		break;
	default:
		if (op > 0x16)
			c->bad = true;
		else
			run_about_register(p, op);
	}
}

/* Runs until the program speaks of what lies behind the wanted address. */
static void run(struct program *p)
{
	while (p->code.p < p->code.end && !p->code.bad) {
		unsigned op = (unsigned)get(&p->code, 1), low = op & 0x3f;

		if (op >> 6 == 1)
			p->at += low * p->code_step;
		else if (op >> 6 == 2)
			set_bp(p, low, (int64_t)get_uleb(&p->code) * p->data_step);
		else if (op >> 6 == 3 && low == REG_BP)
			p->now.bp_offset = p->initial.bp_offset;
		else if (op >> 6 == 0)
			run_one(p, op);
		if (p->at > p->wanted)
			return;
	}
}

/* --- finding the frame's entries --- */

struct common { /* a CIE */
	struct bytes code;
	uint64_t code_step;
	int64_t data_step;
	uint8_t encoding; /* of addresses in its FDEs */
	bool has_more;    /* FDEs have a length of augmentation */
	bool is_signal;
};

static struct bytes entry_at(const uint8_t *p)
{
	uint32_t size;

	memcpy(&size, p, sizeof(size));
	if (size >= 0xfffffff0u) /* more than 4 GiB of it: nobody does */
		return (struct bytes){p, p, true};
	return (struct bytes){p + 4, p + 4 + size, false};
}

static void read_augmentation(struct bytes *b, const char *letters, struct common *c)
{
	uint64_t size = get_uleb(b);
	const uint8_t *end = b->p + size;

	c->has_more = true;
	for (letters++; *letters && !b->bad; letters++) {
		uint8_t encoding = 0;

		if (*letters == 'S') {
			c->is_signal = true;
			continue;
		}
		if (*letters == 'R')
			c->encoding = (uint8_t)get(b, 1);
		else if (*letters == 'L')
			get(b, 1);
		else if (*letters == 'P') {
			encoding = (uint8_t)get(b, 1);
			get_encoded(b, encoding & FORM, NULL);
		} else
			break;
	}
	b->p = end;
}

static bool read_common(const uint8_t *at, struct common *c)
{
	struct bytes b = entry_at(at);

	*c = (struct common){0};
	get(&b, 4); /* 0: a CIE */
	uint64_t version = get(&b, 1);
	const char *letters = (const char *)b.p;
	if (b.bad || (version != 1 && version != 3))
		return false;
	b.p += strlen(letters) + 1;
	c->code_step = get_uleb(&b);
	c->data_step = get_sleb(&b);
	if (version == 1)
		get(&b, 1);
	else
		get_uleb(&b);
	if (*letters == 'z')
		read_augmentation(&b, letters, c);
	else if (*letters)
		return false;
	c->code = b;
	return !b.bad;
}

/* The FDE of the function at an address, by the table that the header has, sorted. */
static const uint8_t *find_entry(const uint8_t *header, uint64_t address)
{
	enum { HEADER_VERSION = 1, SORTED_TABLE = 0x3b, UNKNOWN_END = 64 };
	struct bytes b = {header + 4, header + UNKNOWN_END, false};
	const int32_t *table;
	uint64_t count, low = 0;

	if (header[0] != HEADER_VERSION || header[3] != SORTED_TABLE)
		return NULL;
	get_encoded(&b, header[1], header);
	count = get_encoded(&b, header[2], header);
	if (b.bad || count == 0)
		return NULL;
	table = (const int32_t *)(const void *)b.p;
	for (uint64_t high = count; high - low > 1;) {
		uint64_t middle = low + (high - low) / 2;

		if ((uint64_t)(uintptr_t)(header + table[middle * 2]) <= address)
			low = middle;
		else
			high = middle;
	}
	return header + table[low * 2 + 1];
}

static struct pmt_cfi_rule rule_of(uint64_t address, const struct program *p)
{
	struct pmt_cfi_rule rule = {.address = address};
	const struct state *s = &p->now;

	if (p->code.bad || s->ends ||
	    (s->cfa_register != REG_SP && s->cfa_register != REG_BP) ||
	    s->cfa_offset < -INT32_MAX || s->cfa_offset > INT32_MAX ||
	    s->bp_offset > INT32_MAX || s->bp_offset < PMT_CFI_BP_SAME)
		return rule;
	rule.kind = s->cfa_register == REG_SP ? PMT_CFI_BY_SP : PMT_CFI_BY_BP;
	rule.cfa_offset = (int32_t)s->cfa_offset;
	/* Where nobody can say, the register as it is: right for functions that need
	 * no frame pointer, and no address that is read goes unchecked. */
	rule.bp_offset = s->bp_is_odd ? PMT_CFI_BP_SAME : (int32_t)s->bp_offset;
	return rule;
}

struct pmt_cfi_rule pmt_cfi_rule_at(uint64_t address)
{
	struct pmt_cfi_rule unknown = {.address = address};
	struct pmt_module_place module;
	struct common common;
	uint32_t back;

	if (!pmt_module_find(address, &module) || !module.frame_header)
		return unknown;
	const uint8_t *entry = find_entry(module.frame_header, address);
	if (!entry)
		return unknown;
	struct bytes b = entry_at(entry);
	const uint8_t *here = b.p;
	back = (uint32_t)get(&b, 4);
	if (b.bad || !read_common(here - back, &common))
		return unknown;
	uint64_t begin = get_encoded(&b, common.encoding, NULL);
	uint64_t size = get_encoded(&b, common.encoding & FORM, NULL);
	if (b.bad || address - begin >= size)
		return unknown;
	if (common.is_signal)
		return (struct pmt_cfi_rule){.address = address, .kind = PMT_CFI_SIGNAL};
	if (common.has_more) {
		uint64_t more = get_uleb(&b);
		b.p += more;
	}
	struct program p = {
	    .code = common.code,
	    .at = begin,
	    .wanted = UINT64_MAX,
	    .code_step = common.code_step,
	    .data_step = common.data_step,
	    .encoding = common.encoding,
	    .now = {.cfa_register = OTHER, .bp_offset = PMT_CFI_BP_SAME},
	};
	run(&p);
	p.initial = p.now;
	p.code = b;
	p.wanted = address;
	run(&p);
	return rule_of(address, &p);
}
