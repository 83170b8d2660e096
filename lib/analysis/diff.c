/*
 * Both tables' rows, level by level from the top, sorted by key: what is one lies
 * together then. n log n in rows, and no recursion: calls may nest deeper than our stack.
 */
#include "analysis/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A row while it is matched. */
struct item {
	const struct pmt_keyed_row *text;
	uint32_t parent; /* row of the diff */
	uint32_t row;    /* of its table */
	uint32_t depth;
	uint32_t match; /* row of the diff, PMT_KEYED_NO_ROW: not yet */
	uint8_t side;
};

struct matcher {
	struct pmt_diff *diff;
	struct item *items;
	uint32_t *found[PMT_DIFF_SIDES]; /* by row of the table: row of the diff */
};

static int compare_texts(const char *x, const char *y)
{
	return strcmp(x ? x : "", y ? y : "");
}

static int compare_numbers(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

/* What makes rows one, but for their lines. */
static int compare_keys(const struct item *x, const struct item *y)
{
	int order = compare_numbers(x->parent, y->parent);

	if (order == 0)
		order = compare_texts(x->text->name, y->text->name);
	if (order == 0)
		order = compare_texts(x->text->key_file, y->text->key_file);
	if (order == 0)
		order = compare_numbers(x->text->offset, y->text->offset);
	return order;
}

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = compare_keys(x, y);

	if (order == 0)
		order = compare_numbers(x->text->line, y->text->line);
	if (order == 0)
		order = compare_numbers(x->side, y->side);
	return order ? order : compare_numbers(x->row, y->row);
}

static int by_depth(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return compare_numbers(x->depth, y->depth);
}

/* Adds the item's figures to a row of the diff; a new one for PMT_KEYED_NO_ROW. */
static void join(struct matcher *m, struct item *item, uint32_t row)
{
	struct pmt_diff *diff = m->diff;

	if (row == PMT_KEYED_NO_ROW) {
		row = diff->count++;
		diff->rows[row] = (struct pmt_diff_row){
		    .rows = {PMT_KEYED_NO_ROW, PMT_KEYED_NO_ROW}, .parent = item->parent};
	}
	if (diff->rows[row].rows[item->side] == PMT_KEYED_NO_ROW)
		diff->rows[row].rows[item->side] = item->row;
	int64_t *sums = diff->figures +
			((size_t)row * PMT_DIFF_SIDES + item->side) * diff->column_count;
	const int64_t *more = pmt_keyed_figures(diff->tables[item->side], item->row);
	for (unsigned i = 0; i < diff->column_count; i++)
		sums[i] = pmt_sum_wrapping(sums[i], more[i]);
	m->found[item->side][item->row] = row;
	item->match = row;
}

/* Rows of one line are one: [from, to) of one key, sorted by line, BEFORE first. */
static void join_lines(struct matcher *m, struct item *from, struct item *to)
{
	while (from < to) {
		struct item *end = from, *last;

		while (end < to && end->text->line == from->text->line)
			end++;
		last = end - 1;
		/* Lines of one side only wait for what is left of the other. */
		for (struct item *i = from; from->side != last->side && i < end; i++)
			join(m, i, from->match);
		from = end;
	}
}

static bool is_left(const struct item *item, enum pmt_diff_side side)
{
	return item->match == PMT_KEYED_NO_ROW && item->side == side;
}

/* Joins the item, and those of its side on its line, with row. */
static uint32_t join_left(struct matcher *m, struct item *item, const struct item *to,
			  uint32_t row)
{
	uint64_t line = item->text->line;
	uint8_t side = item->side;

	join(m, item, row);
	row = item->match;
	for (item++; item < to && item->text->line == line; item++)
		if (is_left(item, side))
			join(m, item, row);
	return row;
}

/* What no line brought together, in the order of lines: first with first. */
static void join_rest(struct matcher *m, struct item *from, struct item *to)
{
	struct item *next[PMT_DIFF_SIDES] = {from, from};

	for (;;) {
		uint32_t row = PMT_KEYED_NO_ROW;

		for (unsigned side = 0; side < PMT_DIFF_SIDES; side++) {
			while (next[side] < to && !is_left(next[side], side))
				next[side]++;
			if (next[side] < to)
				row = join_left(m, next[side], to, row);
		}
		if (row == PMT_KEYED_NO_ROW)
			return;
	}
}

/* One level: its items know the row of the diff above them. */
static void match_level(struct matcher *m, struct item *from, struct item *to)
{
	for (struct item *i = from; i < to; i++)
		if (i->text->parent != PMT_KEYED_NO_ROW)
			i->parent = m->found[i->side][i->text->parent];
	qsort(from, (size_t)(to - from), sizeof(*from), by_key);
	while (from < to) {
		struct item *end = from;

		while (end < to && compare_keys(from, end) == 0)
			end++;
		join_lines(m, from, end);
		join_rest(m, from, end);
		from = end;
	}
}

static struct item *collect(struct item *at, const struct pmt_keyed_table *table,
			    enum pmt_diff_side side)
{
	const struct item *first = at;

	for (uint32_t i = 0; i < table->count; i++, at++) {
		uint32_t parent = table->rows[i].parent;

		*at = (struct item){
		    .text = &table->rows[i],
		    .parent = PMT_KEYED_NO_ROW,
		    .row = i,
		    .depth = parent == PMT_KEYED_NO_ROW ? 0 : first[parent].depth + 1,
		    .match = PMT_KEYED_NO_ROW,
		    .side = (uint8_t)side,
		};
	}
	return at;
}

static void match(struct matcher *m)
{
	const struct pmt_diff *diff = m->diff;
	struct item *from = m->items, *end;

	end = collect(from, diff->tables[PMT_DIFF_BEFORE], PMT_DIFF_BEFORE);
	end = collect(end, diff->tables[PMT_DIFF_AFTER], PMT_DIFF_AFTER);
	qsort(from, (size_t)(end - from), sizeof(*from), by_depth);
	while (from < end) {
		struct item *to = from;

		while (to < end && to->depth == from->depth)
			to++;
		match_level(m, from, to);
		from = to;
	}
}

int pmt_diff_new(const struct pmt_keyed_table *before,
		 const struct pmt_keyed_table *after, struct pmt_diff *ret_diff)
{
	struct pmt_diff diff = {.tables = {before, after},
				.column_count = before->column_count};
	struct matcher m = {.diff = &diff};
	size_t count = (size_t)before->count + after->count;
	int error = -ENOMEM;

	if (count >= PMT_KEYED_NO_ROW)
		return -ENOMEM;
	diff.rows = calloc(count + 1, sizeof(*diff.rows));
	diff.figures = calloc((count + 1) * PMT_DIFF_SIDES * (diff.column_count + 1),
			      sizeof(*diff.figures));
	m.items = calloc(count + 1, sizeof(*m.items));
	m.found[PMT_DIFF_BEFORE] = calloc(before->count + 1u, sizeof(uint32_t));
	m.found[PMT_DIFF_AFTER] = calloc(after->count + 1u, sizeof(uint32_t));
	if (diff.rows && diff.figures && m.items && m.found[PMT_DIFF_BEFORE] &&
	    m.found[PMT_DIFF_AFTER]) {
		match(&m);
		*ret_diff = diff;
		error = 0;
	}
	free(m.items);
	free(m.found[PMT_DIFF_BEFORE]);
	free(m.found[PMT_DIFF_AFTER]);
	if (error)
		pmt_diff_free(&diff);
	return error;
}

void pmt_diff_free(struct pmt_diff *diff)
{
	free(diff->rows);
	free(diff->figures);
	*diff = (struct pmt_diff){0};
}

bool pmt_diff_differs(const struct pmt_diff *diff, uint32_t row)
{
	for (unsigned i = 0; i < diff->column_count; i++)
		if (pmt_diff_is_known(diff, i) && pmt_diff_change(diff, row, i) != 0)
			return true;
	return false;
}

const struct pmt_keyed_row *pmt_diff_text(const struct pmt_diff *diff, uint32_t row)
{
	const uint32_t *rows = diff->rows[row].rows;
	enum pmt_diff_side side =
	    rows[PMT_DIFF_AFTER] != PMT_KEYED_NO_ROW ? PMT_DIFF_AFTER : PMT_DIFF_BEFORE;

	return &diff->tables[side]->rows[rows[side]];
}
