/*
 * A view's table without the trace that it came from: rows by what names them in every
 * trace of the program (function and file, a line, the calls above; never ids and
 * addresses), with their figures. What compares traces works on these alone: diff.h, and
 * whoever judges one trace by another.
 */
#ifndef PMT_ANALYSIS_KEYED_TABLE_H
#define PMT_ANALYSIS_KEYED_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/metric.h"
#include "base/attr.h"
#include "reader/texts.h"

enum { PMT_KEYED_COLUMNS_MAX = 24 };

#define PMT_KEYED_NO_ROW UINT32_MAX

struct pmt_keyed_column {
	const char *key;     /* of --sort; static, as the others */
	const char *member;  /* in JSON and CSV */
	const char *heading; /* of a text column */
	enum pmt_metric_unit unit;
	bool is_known; /* this trace measured it */
};

/*
 * Rows of one key (the row above, name, key_file, offset) may be several: functions of
 * one name in one file. Their lines tell them apart, in one table; in another version of
 * the program they are elsewhere. diff.h has the rule that finds them there.
 */
struct pmt_keyed_row {
	const char *name;
	const char *file;     /* as the trace has it; NULL: none */
	const char *key_file; /* without what differs from machine to machine */
	uint64_t line;        /* where it is; 0: none */
	uint64_t offset;      /* of a line: from its function's first, and 1; else 0 */
	uint32_t parent;      /* the row above, or PMT_KEYED_NO_ROW */
};

/* All zero is a table without columns that owns nothing. */
struct pmt_keyed_table {
	struct pmt_keyed_column columns[PMT_KEYED_COLUMNS_MAX];
	unsigned column_count;
	struct pmt_keyed_row *rows; /* a row above is in front of those below it */
	int64_t *figures;           /* column_count for each row */
	uint32_t count;
	uint32_t capacity;
	struct pmt_texts texts;
};

void pmt_keyed_table_close(struct pmt_keyed_table *table);

/* Before the first row; at most PMT_KEYED_COLUMNS_MAX. */
void pmt_keyed_table_add_column(struct pmt_keyed_table *table,
				const struct pmt_keyed_column *column);

/* A row with figures of zero; its texts are copied. 0 or -ENOMEM. */
int pmt_keyed_table_add(struct pmt_keyed_table *table, const struct pmt_keyed_row *row,
			uint32_t *ret_row) PMT_MUST_CHECK;

/* The figures of a row, one a column; until the next row is added. */
static inline int64_t *pmt_keyed_figures(const struct pmt_keyed_table *table,
					 uint32_t row)
{
	return table->figures + (size_t)row * table->column_count;
}

#endif
