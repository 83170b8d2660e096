/* The difference of keyed tables: by hand where code moved, and on random tables by what
 * must hold of every difference. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/diff.h"
#include "support/run_suite.h"
#include "tests/support/chance.h"

enum { COLUMNS = 3, ROWS_MAX = 60, ROUNDS = 400 };

static const struct pmt_keyed_column columns[COLUMNS] = {
    {"bytes", "bytes", "bytes", PMT_UNIT_BYTES, true},
    {"count", "count", "count", PMT_UNIT_COUNT, true},
    {"other", "other", "other", PMT_UNIT_CHANGE, true},
};

static void begin(struct pmt_keyed_table *table)
{
	*table = (struct pmt_keyed_table){.count = 0};
	for (size_t i = 0; i < COLUMNS; i++)
		pmt_keyed_table_add_column(table, &columns[i]);
}

static uint32_t put(struct pmt_keyed_table *table, uint32_t parent, const char *name,
		    const char *file, uint64_t line, int64_t bytes)
{
	struct pmt_keyed_row row = {
	    .name = name, .file = file, .key_file = file, .line = line, .parent = parent};
	uint32_t at;

	ck_assert_int_eq(pmt_keyed_table_add(table, &row, &at), 0);
	pmt_keyed_figures(table, at)[0] = bytes;
	return at;
}

static uint32_t top(struct pmt_keyed_table *table, const char *name, uint64_t line,
		    int64_t bytes)
{
	return put(table, PMT_KEYED_NO_ROW, name, "app.py", line, bytes);
}

/* The row of that name and line: of after's line, of before's when it is gone. */
static uint32_t find(const struct pmt_diff *diff, const char *name, uint64_t line)
{
	uint32_t found = PMT_KEYED_NO_ROW;

	for (uint32_t i = 0; i < diff->count; i++) {
		const struct pmt_keyed_row *text = pmt_diff_text(diff, i);

		if (strcmp(text->name, name) == 0 && text->line == line) {
			ck_assert_uint_eq(found, PMT_KEYED_NO_ROW);
			found = i;
		}
	}
	ck_assert_uint_ne(found, PMT_KEYED_NO_ROW);
	return found;
}

static void is_row(const struct pmt_diff *diff, const char *name, uint64_t line,
		   int64_t before, int64_t after)
{
	uint32_t row = find(diff, name, line);

	ck_assert_int_eq(pmt_diff_figure(diff, row, PMT_DIFF_BEFORE, 0), before);
	ck_assert_int_eq(pmt_diff_figure(diff, row, PMT_DIFF_AFTER, 0), after);
	ck_assert_int_eq(pmt_diff_change(diff, row, 0), after - before);
}

static bool is_there(const struct pmt_diff *diff, uint32_t row, enum pmt_diff_side side)
{
	return diff->rows[row].rows[side] != PMT_KEYED_NO_ROW;
}

START_TEST(rows_meet_by_name_and_file)
{
	struct pmt_keyed_table before, after;
	struct pmt_diff diff;

	begin(&before);
	begin(&after);
	top(&before, "load", 10, 100);
	top(&before, "old", 20, 5);
	put(&before, PMT_KEYED_NO_ROW, "load", "other.py", 10, 1);
	top(&after, "fresh", 5, 7);
	top(&after, "load", 14, 130);
	ck_assert_int_eq(pmt_diff_new(&before, &after, &diff), 0);
	ck_assert_uint_eq(diff.count, 4);
	is_row(&diff, "load", 14, 100, 130);
	is_row(&diff, "old", 20, 5, 0);
	is_row(&diff, "load", 10, 1, 0);
	is_row(&diff, "fresh", 5, 0, 7);
	ck_assert(!is_there(&diff, find(&diff, "old", 20), PMT_DIFF_AFTER));
	ck_assert(!is_there(&diff, find(&diff, "fresh", 5), PMT_DIFF_BEFORE));
	pmt_diff_free(&diff);
	pmt_keyed_table_close(&before);
	pmt_keyed_table_close(&after);
}
END_TEST

/* Several of one name: by their line, then in order. */
START_TEST(rows_of_one_name_meet_by_line_then_in_order)
{
	struct pmt_keyed_table before, after;
	struct pmt_diff diff;

	begin(&before);
	begin(&after);
	top(&before, "<lambda>", 10, 1);
	top(&before, "<lambda>", 20, 2);
	top(&before, "<lambda>", 30, 3);
	top(&after, "<lambda>", 20, 20);
	top(&after, "<lambda>", 13, 10);
	top(&after, "<lambda>", 33, 30);
	top(&after, "<lambda>", 44, 40);
	ck_assert_int_eq(pmt_diff_new(&before, &after, &diff), 0);
	ck_assert_uint_eq(diff.count, 4);
	is_row(&diff, "<lambda>", 13, 1, 10);
	is_row(&diff, "<lambda>", 20, 2, 20);
	is_row(&diff, "<lambda>", 33, 3, 30);
	is_row(&diff, "<lambda>", 44, 0, 40);
	pmt_diff_free(&diff);
	pmt_keyed_table_close(&before);
	pmt_keyed_table_close(&after);
}
END_TEST

START_TEST(rows_of_one_name_and_line_are_one)
{
	struct pmt_keyed_table before, after;
	struct pmt_diff diff;

	begin(&before);
	begin(&after);
	top(&before, "load", 10, 1);
	top(&before, "load", 10, 2);
	top(&after, "load", 12, 30);
	top(&after, "load", 12, 40);
	ck_assert_int_eq(pmt_diff_new(&before, &after, &diff), 0);
	ck_assert_uint_eq(diff.count, 1);
	is_row(&diff, "load", 12, 3, 70);
	pmt_diff_free(&diff);
	pmt_keyed_table_close(&before);
	pmt_keyed_table_close(&after);
}
END_TEST

/* main > load and main > save > load, the latter gone. */
START_TEST(rows_meet_below_rows_that_met)
{
	struct pmt_keyed_table before, after;
	struct pmt_diff diff;

	begin(&before);
	begin(&after);
	uint32_t main_row = top(&before, "main", 1, 0);
	uint32_t save = put(&before, main_row, "save", "app.py", 30, 4);
	put(&before, save, "load", "app.py", 10, 5);
	put(&before, main_row, "load", "app.py", 11, 6);
	main_row = top(&after, "main", 2, 0);
	put(&after, main_row, "load", "app.py", 12, 60);
	ck_assert_int_eq(pmt_diff_new(&before, &after, &diff), 0);
	ck_assert_uint_eq(diff.count, 4);
	is_row(&diff, "load", 12, 6, 60);
	is_row(&diff, "load", 10, 5, 0);
	uint32_t gone = find(&diff, "load", 10);
	ck_assert_uint_eq(diff.rows[gone].parent, find(&diff, "save", 30));
	ck_assert_uint_eq(diff.rows[find(&diff, "load", 12)].parent,
			  find(&diff, "main", 2));
	pmt_diff_free(&diff);
	pmt_keyed_table_close(&before);
	pmt_keyed_table_close(&after);
}
END_TEST

START_TEST(what_one_side_did_not_measure_is_no_difference)
{
	struct pmt_keyed_table before, after;
	struct pmt_diff diff;

	begin(&before);
	begin(&after);
	after.columns[0].is_known = false;
	top(&before, "load", 10, 1);
	top(&after, "load", 10, 0);
	ck_assert_int_eq(pmt_diff_new(&before, &after, &diff), 0);
	ck_assert(!pmt_diff_is_known(&diff, 0));
	ck_assert(pmt_diff_is_known(&diff, 1));
	ck_assert(!pmt_diff_differs(&diff, 0));
	pmt_diff_free(&diff);
	pmt_keyed_table_close(&before);
	pmt_keyed_table_close(&after);
}
END_TEST

START_TEST(empty_tables_differ_in_nothing)
{
	struct pmt_keyed_table before, after;
	struct pmt_diff diff;

	begin(&before);
	begin(&after);
	ck_assert_int_eq(pmt_diff_new(&before, &after, &diff), 0);
	ck_assert_uint_eq(diff.count, 0);
	pmt_diff_free(&diff);
	pmt_keyed_table_close(&before);
	pmt_keyed_table_close(&after);
}
END_TEST

/* --- random tables --- */

/* Few names and lines, so that rows meet, and meet several at a time. */
static void fill(struct pmt_keyed_table *table)
{
	static const char *const names[] = {"a", "b", "c", "<lambda>"};
	static const char *const files[] = {"x.py", "y.py", NULL};
	uint32_t count = (uint32_t)draw(ROWS_MAX);

	begin(table);
	for (uint32_t i = 0; i < count; i++) {
		struct pmt_keyed_row row = {
		    .name = names[draw(4)],
		    .file = files[draw(3)],
		    .line = draw(5),
		    .offset = draw(2),
		    .parent =
			i && draw(3) ? (uint32_t)draw(i) : (uint32_t)PMT_KEYED_NO_ROW,
		};
		uint32_t at;

		row.key_file = row.file;
		ck_assert_int_eq(pmt_keyed_table_add(table, &row, &at), 0);
		for (size_t k = 0; k < COLUMNS; k++)
			pmt_keyed_figures(table, at)[k] = (int64_t)draw(2000) - 1000;
	}
}

/* Sums of a diff are those of its tables. */
static void sums_are_equal(const struct pmt_diff *diff)
{
	for (unsigned side = 0; side < PMT_DIFF_SIDES; side++) {
		const struct pmt_keyed_table *table = diff->tables[side];

		for (unsigned k = 0; k < COLUMNS; k++) {
			int64_t rest = 0;

			for (uint32_t i = 0; i < table->count; i++)
				rest += pmt_keyed_figures(table, i)[k];
			for (uint32_t i = 0; i < diff->count; i++)
				rest -= pmt_diff_figure(diff, i, side, k);
			ck_assert_int_eq(rest, 0);
		}
	}
}

/* What is one has one key, and lies below what is one. */
static void rows_fit(const struct pmt_diff *diff)
{
	for (uint32_t i = 0; i < diff->count; i++) {
		const struct pmt_diff_row *row = &diff->rows[i];

		ck_assert(row->parent == PMT_KEYED_NO_ROW || row->parent < i);
		if (!is_there(diff, i, PMT_DIFF_BEFORE) ||
		    !is_there(diff, i, PMT_DIFF_AFTER))
			continue;
		const struct pmt_keyed_row *x = &diff->tables[0]->rows[row->rows[0]];
		const struct pmt_keyed_row *y = &diff->tables[1]->rows[row->rows[1]];
		ck_assert_str_eq(x->name, y->name);
		ck_assert_int_eq(x->file != NULL, y->file != NULL);
		ck_assert(!x->file || strcmp(x->file, y->file) == 0);
		ck_assert_uint_eq(x->offset, y->offset);
		ck_assert_int_eq(x->parent == PMT_KEYED_NO_ROW,
				 y->parent == PMT_KEYED_NO_ROW);
	}
}

/* Row i of one is row i of the other, with its sides changed. */
static void is_turned(const struct pmt_diff *diff, const struct pmt_diff *turned)
{
	ck_assert_uint_eq(diff->count, turned->count);
	for (uint32_t i = 0; i < diff->count; i++) {
		ck_assert_uint_eq(diff->rows[i].parent, turned->rows[i].parent);
		ck_assert_int_eq(is_there(diff, i, PMT_DIFF_BEFORE),
				 is_there(turned, i, PMT_DIFF_AFTER));
		ck_assert_int_eq(is_there(diff, i, PMT_DIFF_AFTER),
				 is_there(turned, i, PMT_DIFF_BEFORE));
		for (unsigned k = 0; k < COLUMNS; k++)
			ck_assert_int_eq(pmt_diff_change(diff, i, k),
					 -pmt_diff_change(turned, i, k));
	}
}

static void differs_nowhere(const struct pmt_keyed_table *table)
{
	struct pmt_diff diff;

	ck_assert_int_eq(pmt_diff_new(table, table, &diff), 0);
	for (uint32_t i = 0; i < diff.count; i++) {
		ck_assert(!pmt_diff_differs(&diff, i));
		ck_assert(is_there(&diff, i, PMT_DIFF_BEFORE));
		ck_assert(is_there(&diff, i, PMT_DIFF_AFTER));
	}
	pmt_diff_free(&diff);
}

START_TEST(of_random_tables)
{
	struct pmt_keyed_table a, b;
	struct pmt_diff diff, turned;

	begin_chance();
	for (unsigned round = 0; round < ROUNDS; round++) {
		fill(&a);
		fill(&b);
		ck_assert_int_eq(pmt_diff_new(&a, &b, &diff), 0);
		ck_assert_int_eq(pmt_diff_new(&b, &a, &turned), 0);
		sums_are_equal(&diff);
		rows_fit(&diff);
		is_turned(&diff, &turned);
		differs_nowhere(&a);
		pmt_diff_free(&diff);
		pmt_diff_free(&turned);
		pmt_keyed_table_close(&a);
		pmt_keyed_table_close(&b);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diff");
	TCase *tcase = tcase_create("diff");

	tcase_add_test(tcase, rows_meet_by_name_and_file);
	tcase_add_test(tcase, rows_of_one_name_meet_by_line_then_in_order);
	tcase_add_test(tcase, rows_of_one_name_and_line_are_one);
	tcase_add_test(tcase, rows_meet_below_rows_that_met);
	tcase_add_test(tcase, what_one_side_did_not_measure_is_no_difference);
	tcase_add_test(tcase, empty_tables_differ_in_nothing);
	tcase_add_test(tcase, of_random_tables);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
