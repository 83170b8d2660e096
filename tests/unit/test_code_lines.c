/* Lines by the three forms of line tables, as CPython wrote them, and as nobody would. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "format/payload.h"
#include "reader/code_lines.h"
#include "support/run_suite.h"

struct line_case {
	uint8_t kind;
	uint64_t first_line;
	uint8_t table[16];
	size_t table_bytes;
	uint64_t offset;
	uint64_t line;
};

/* By hand, after CPython's Objects/lnotab_notes.txt and locations.md; real tables of each
 * version are what tests/blackbox/test_allocs_stacks.py resolves. */
static const struct line_case cases[] = {
    {PMT_LINES_LNOTAB, 1, {0, 1, 4, 2, 4, 1, 2, 255}, 8, 0, 2},
    {PMT_LINES_LNOTAB, 1, {0, 1, 4, 2, 4, 1, 2, 255}, 8, 3, 2},
    {PMT_LINES_LNOTAB, 1, {0, 1, 4, 2, 4, 1, 2, 255}, 8, 4, 4},
    {PMT_LINES_LNOTAB, 1, {0, 1, 4, 2, 4, 1, 2, 255}, 8, 8, 5},
    {PMT_LINES_LNOTAB, 1, {0, 1, 4, 2, 4, 1, 2, 255}, 8, 10, 4}, /* backwards */
    {PMT_LINES_LNOTAB, 1, {0, 1, 4, 2, 4, 1, 2, 255}, 8, 1000, 4},
    {PMT_LINES_LNOTAB, 7, {0}, 0, 12, 7},
    {PMT_LINES_310, 1, {4, 1, 4, 2, 2, 1, 4, 255}, 8, 0, 2},
    {PMT_LINES_310, 1, {4, 1, 4, 2, 2, 1, 4, 255}, 8, 6, 4},
    {PMT_LINES_310, 1, {4, 1, 4, 2, 2, 1, 4, 255}, 8, 8, 5},
    {PMT_LINES_310, 1, {4, 1, 4, 2, 2, 1, 4, 255}, 8, 10, 4},
    {PMT_LINES_310, 1, {4, 1, 4, 2, 2, 1, 4, 255}, 8, 14, 0},
    {PMT_LINES_310, 3, {4, 1, 2, 128, 2, 1}, 6, 5, 0}, /* without a line */
    {PMT_LINES_310, 3, {4, 1, 2, 128, 2, 1}, 6, 6, 5},
    /* 3.11: RESUME at line 1 (form 15 none, 10 same line, 11 next, 14 long, 13 no
     * columns)
     */
    {PMT_LINES_311, 1, {0xd0, 0, 0, 0xd8, 4, 5, 0x80, 0}, 8, 0, 1},
    {PMT_LINES_311, 1, {0xd0, 0, 0, 0xd8, 4, 5, 0x80, 0}, 8, 2, 2},
    {PMT_LINES_311, 1, {0xd0, 0, 0, 0xd8, 4, 5, 0x80, 0}, 8, 4, 2},
    {PMT_LINES_311, 1, {0xd0, 0, 0, 0xd8, 4, 5, 0x80, 0}, 8, 6, 0},
    {PMT_LINES_311, 10, {0xf8, 0xe8, 0x05, 0xe8, 0x44, 0x01}, 6, 0, 0},
    {PMT_LINES_311, 10, {0xf8, 0xe8, 0x05, 0xe8, 0x44, 0x01}, 6, 2, 8},
    {PMT_LINES_311, 10, {0xf8, 0xe8, 0x05, 0xe8, 0x44, 0x01}, 6, 4, 42},
    {PMT_LINES_311, 10, {0xf0, 0x06, 0x00, 1, 1}, 5, 0, 13}, /* long */
    {PMT_LINES_NONE, 9, {0}, 0, 4, 9},
};

START_TEST(line_of_offset)
{
	const struct line_case *c = &cases[_i];
	struct pmt_code code = {
	    .line_table_kind = c->kind,
	    .line_table_complete = true,
	    .first_line = c->first_line,
	    .line_table = c->table,
	    .line_table_bytes = c->table_bytes,
	};

	ck_assert_uint_eq(pmt_code_line(&code, c->offset), c->line);
	code.line_table_complete = false;
	ck_assert_uint_eq(pmt_code_line(&code, c->offset), c->first_line);
}
END_TEST

/* Under the sanitizers: no byte outside the table is read, whatever is in it. */
START_TEST(any_bytes_are_survived)
{
	uint8_t *table = malloc(64);

	ck_assert_ptr_nonnull(table);
	for (unsigned seed = 0; seed < 2000; seed++) {
		struct pmt_code code = {
		    .line_table_kind = (uint8_t[]){8, 10, 11}[seed % 3],
		    .line_table_complete = true,
		    .first_line = seed,
		    .line_table = table + seed % 64,
		    .line_table_bytes = 64 - seed % 64,
		};
		uint32_t word = seed * 2654435769u;

		for (int i = 0; i < 64; i++) {
			word = word * 1664525u + 1013904223u;
			table[i] = (uint8_t)(word >> 24);
		}
		for (uint64_t offset = 0; offset < 300; offset += 7)
			(void)pmt_code_line(&code, offset);
	}
	free(table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("code_lines");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, line_of_offset, 0, sizeof(cases) / sizeof(*cases));
	tcase_add_test(all, any_bytes_are_survived);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
