/*
 * The three forms of line tables that CPython 3.8 to 3.15 write, and nothing assumed of
 * their bytes: a table that ends early ends the search.
 */
#include "reader/code_lines.h"

#include <stddef.h>

#include "format/payload.h"

enum {
	NO_LINE_310 = -128,
	UNIT_BYTES = 2,
	/* the form of a 3.11 entry */
	FORM_NO_COLUMNS = 13,
	FORM_LONG = 14,
	FORM_NONE = 15,
	FORM_ONE_LINE_FIRST = 10,
};

/* Pairs: bytes onwards, lines onwards. */
static uint64_t line_in_lnotab(const struct pmt_code *code, uint64_t offset)
{
	const uint8_t *p = code->line_table, *end = p + code->line_table_bytes;
	uint64_t at = 0, line = code->first_line;

	for (; end - p >= 2; p += 2) {
		at += p[0];
		if (at > offset)
			break;
		line += (uint64_t)(int8_t)p[1];
	}
	return line;
}

/* Pairs: length of a range in bytes, lines onwards at its begin or that it has none. */
static uint64_t line_in_310(const struct pmt_code *code, uint64_t offset)
{
	const uint8_t *p = code->line_table, *end = p + code->line_table_bytes;
	uint64_t at = 0, line = code->first_line;

	for (; end - p >= 2; p += 2) {
		bool has_line = (int8_t)p[1] != NO_LINE_310;

		if (has_line)
			line += (uint64_t)(int8_t)p[1];
		at += p[0];
		if (offset < at)
			return has_line ? line : 0;
	}
	return 0;
}

/* Six bits a byte, low ones first; of the number, the lowest is the sign. */
static int64_t get_signed(const uint8_t *p, const uint8_t *end)
{
	uint64_t value = 0;
	unsigned shift = 0;

	for (; p < end && shift < 60; p++, shift += 6) {
		value |= (uint64_t)(*p & 0x3f) << shift;
		if (!(*p & 0x40))
			break;
	}
	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

static int64_t line_step(unsigned form, const uint8_t *p, const uint8_t *end)
{
	if (form == FORM_LONG || form == FORM_NO_COLUMNS)
		return get_signed(p, end);
	if (form >= FORM_ONE_LINE_FIRST && form < FORM_NO_COLUMNS)
		return form - FORM_ONE_LINE_FIRST;
	return 0;
}

/* Entries: a byte with its high bit set says form and length, others follow. */
static uint64_t line_in_311(const struct pmt_code *code, uint64_t offset)
{
	const uint8_t *p = code->line_table, *end = p + code->line_table_bytes;
	uint64_t at = 0, line = code->first_line;

	while (p < end) {
		unsigned form = *p >> 3 & 15;

		at += ((*p++ & 7u) + 1) * UNIT_BYTES;
		line += (uint64_t)line_step(form, p, end);
		if (offset < at)
			return form == FORM_NONE ? 0 : line;
		while (p < end && !(*p & 0x80))
			p++;
	}
	return 0;
}

uint64_t pmt_code_line(const struct pmt_code *code, uint64_t offset)
{
	if (code->kind == PMT_CODE_NATIVE)
		return 0; /* its first line is an address */
	if (!code->line_table_complete || !code->line_table)
		return code->first_line;
	switch (code->line_table_kind) {
	case PMT_LINES_LNOTAB:
		return line_in_lnotab(code, offset);
	case PMT_LINES_310:
		return line_in_310(code, offset);
	case PMT_LINES_311:
		return line_in_311(code, offset);
	default:
		return code->first_line;
	}
}
