/*
 * From .eh_frame to rules: the entry of a function is found, its program run, and what
 * comes out kept small; see cfi.h. The tables are those of modules that run, made by
 * their linker: they are taken at their word, but for what would lead out of bounds.
 * Formats: DWARF 5, 6.4.1, and the Linux Standard Base's .eh_frame.
 */
#include <config.h>

#include "native/cfi.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "native/cfi_bytes.h"
#include "native/cfi_program.h"

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

/* --- finding the frame's entries --- */

struct common { /* a CIE */
	struct pmt_cfi_bytes code;
	uint64_t code_step;
	int64_t data_step;
	uint8_t encoding; /* of addresses in its FDEs */
	bool has_more;    /* FDEs have a length of augmentation */
	bool is_signal;
};

static struct pmt_cfi_bytes entry_at(const uint8_t *p)
{
	uint32_t size;

	memcpy(&size, p, sizeof(size));
	if (size >= 0xfffffff0u) /* more than 4 GiB of it: nobody does */
		return (struct pmt_cfi_bytes){p, p, true};
	return (struct pmt_cfi_bytes){p + 4, p + 4 + size, false};
}

static void read_augmentation(struct pmt_cfi_bytes *b, const char *letters,
			      struct common *c)
{
	uint64_t size = pmt_cfi_get_uleb(b);
	const uint8_t *end = b->p + size;

	c->has_more = true;
	for (letters++; *letters && !b->bad; letters++) {
		uint8_t encoding = 0;

		if (*letters == 'S') {
			c->is_signal = true;
			continue;
		}
		if (*letters == 'R')
			c->encoding = (uint8_t)pmt_cfi_get(b, 1);
		else if (*letters == 'L')
			pmt_cfi_get(b, 1);
		else if (*letters == 'P') {
			encoding = (uint8_t)pmt_cfi_get(b, 1);
			pmt_cfi_get_encoded(b, encoding & PMT_CFI_FORM, NULL);
		} else
			break;
	}
	b->p = end;
}

static bool read_common(const uint8_t *at, struct common *c)
{
	struct pmt_cfi_bytes b = entry_at(at);

	*c = (struct common){0};
	pmt_cfi_get(&b, 4); /* 0: a CIE */
	uint64_t version = pmt_cfi_get(&b, 1);
	const char *letters = (const char *)b.p;
	if (b.bad || (version != 1 && version != 3))
		return false;
	b.p += strlen(letters) + 1;
	c->code_step = pmt_cfi_get_uleb(&b);
	c->data_step = pmt_cfi_get_sleb(&b);
	if (version == 1)
		pmt_cfi_get(&b, 1);
	else
		pmt_cfi_get_uleb(&b);
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
	struct pmt_cfi_bytes b = {header + 4, header + UNKNOWN_END, false};
	const int32_t *table;
	uint64_t count, low = 0;

	if (header[0] != HEADER_VERSION || header[3] != SORTED_TABLE)
		return NULL;
	pmt_cfi_get_encoded(&b, header[1], header);
	count = pmt_cfi_get_encoded(&b, header[2], header);
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

static bool fits(int64_t offset)
{
	return offset > PMT_CFI_BP_SAME && offset <= INT32_MAX;
}

/* Where the caller's frame pointer is, by the rule's own count; see cfi.h. */
static int64_t bp_offset_of(const struct pmt_cfi_state *s)
{
	if (s->bp == PMT_CFI_BP_AT_BP && s->base == PMT_CFI_BASE_POINTER)
		return s->bp_offset;
	if (s->bp == PMT_CFI_BP_AT_BP && s->base == PMT_CFI_BASE_BP)
		return s->bp_offset - s->base_offset;
	if (s->bp == PMT_CFI_BP_AT_CFA && s->base != PMT_CFI_BASE_POINTER)
		return s->bp_offset;
	/* Where nobody can say, the register as it is: right for functions that need
	 * no frame pointer, and no address that is read goes unchecked. */
	return PMT_CFI_BP_SAME;
}

static struct pmt_cfi_rule rule_of(uint64_t address, const struct pmt_cfi_program *p)
{
	static const uint8_t kinds[] = {
	    [PMT_CFI_BASE_ODD] = PMT_CFI_UNKNOWN,
	    [PMT_CFI_BASE_SP] = PMT_CFI_BY_SP,
	    [PMT_CFI_BASE_BP] = PMT_CFI_BY_BP,
	    [PMT_CFI_BASE_POINTER] = PMT_CFI_BY_POINTER,
	};
	struct pmt_cfi_rule rule = {.address = address};
	const struct pmt_cfi_state *s = &p->now;
	int64_t bp_offset = bp_offset_of(s);

	if (p->code.bad)
		return rule;
	if (!s->has_caller)
		rule.kind = PMT_CFI_OUTERMOST;
	else if (!s->has_odd_return && fits(s->base_offset) &&
		 (fits(bp_offset) || bp_offset == PMT_CFI_BP_SAME))
		rule.kind = kinds[s->base];
	rule.cfa_offset = (int32_t)s->base_offset;
	rule.bp_offset = (int32_t)bp_offset;
	return rule;
}

struct pmt_cfi_rule pmt_cfi_rule_at(uint64_t address)
{
	struct pmt_cfi_rule unknown = {.address = address};
	struct pmt_module_place module;
	struct common common;
	uint32_t back;

	if (!pmt_module_find(address, &module))
		return (struct pmt_cfi_rule){.address = 0};
	if (!module.frame_header)
		return unknown;
	const uint8_t *entry = find_entry(module.frame_header, address);
	if (!entry)
		return unknown;
	struct pmt_cfi_bytes b = entry_at(entry);
	const uint8_t *here = b.p;
	back = (uint32_t)pmt_cfi_get(&b, 4);
	if (b.bad || !read_common(here - back, &common))
		return unknown;
	uint64_t begin = pmt_cfi_get_encoded(&b, common.encoding, NULL);
	uint64_t size = pmt_cfi_get_encoded(&b, common.encoding & PMT_CFI_FORM, NULL);
	if (b.bad || address - begin >= size)
		return unknown;
	if (common.is_signal)
		return (struct pmt_cfi_rule){.address = address, .kind = PMT_CFI_SIGNAL};
	if (common.has_more) {
		uint64_t more = pmt_cfi_get_uleb(&b);
		b.p += more;
	}
	struct pmt_cfi_program p = {
	    .code = common.code,
	    .at = begin,
	    .wanted = UINT64_MAX,
	    .code_step = common.code_step,
	    .data_step = common.data_step,
	    .encoding = common.encoding,
	    .now = {.has_caller = true},
	};
	pmt_cfi_program_run(&p);
	p.initial = p.now;
	p.code = b;
	p.wanted = address;
	pmt_cfi_program_run(&p);
	return rule_of(address, &p);
}
