/*
 * What differs between two tables of one view: of two traces, or of two moments of one.
 *
 * Rows are one when their keys are and the rows above them are one. Several rows of one
 * key meet by their line first; what is left meets in the order of lines, as code that
 * moved keeps its order. A row that meets none is new, or gone. So a diff is symmetric:
 * that of B and A is that of A and B with every sign turned.
 */
#ifndef PMT_ANALYSIS_DIFF_H
#define PMT_ANALYSIS_DIFF_H

#include "analysis/keyed_table.h"

enum pmt_diff_side {
	PMT_DIFF_BEFORE = 0,
	PMT_DIFF_AFTER,
	PMT_DIFF_SIDES,
};

struct pmt_diff_row {
	/* In the tables, the first of those that are one; PMT_KEYED_NO_ROW: there is
	 * none. */
	uint32_t rows[PMT_DIFF_SIDES];
	uint32_t parent; /* row of the diff, or PMT_KEYED_NO_ROW */
};

struct pmt_diff {
	const struct pmt_keyed_table *tables[PMT_DIFF_SIDES]; /* borrowed */
	struct pmt_diff_row *rows; /* by depth, then by their keys */
	int64_t *figures;          /* of a row: all columns before, all columns after */
	uint32_t count;
	unsigned column_count;
};

/* Both tables have the same columns, and outlive the diff. 0 or -ENOMEM. */
int pmt_diff_new(const struct pmt_keyed_table *before,
		 const struct pmt_keyed_table *after,
		 struct pmt_diff *ret_diff) PMT_MUST_CHECK;
void pmt_diff_free(struct pmt_diff *diff);

static inline int64_t pmt_diff_figure(const struct pmt_diff *diff, uint32_t row,
				      enum pmt_diff_side side, unsigned column)
{
	return diff->figures[((size_t)row * PMT_DIFF_SIDES + side) * diff->column_count +
			     column];
}

/* After less before. */
static inline int64_t pmt_diff_change(const struct pmt_diff *diff, uint32_t row,
				      unsigned column)
{
	return (int64_t)((uint64_t)pmt_diff_figure(diff, row, PMT_DIFF_AFTER, column) -
			 (uint64_t)pmt_diff_figure(diff, row, PMT_DIFF_BEFORE, column));
}

/* Whether the figures can be compared: both traces measured them. */
static inline bool pmt_diff_is_known(const struct pmt_diff *diff, unsigned column)
{
	return diff->tables[PMT_DIFF_BEFORE]->columns[column].is_known &&
	       diff->tables[PMT_DIFF_AFTER]->columns[column].is_known;
}

/* Whether a figure that can be compared differs. */
bool pmt_diff_differs(const struct pmt_diff *diff, uint32_t row);

/* The row as one of the tables has it: after, unless it is gone. */
const struct pmt_keyed_row *pmt_diff_text(const struct pmt_diff *diff, uint32_t row);

#endif
