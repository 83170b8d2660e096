/* Growing arrays of rows and figures. */
#include "analysis/keyed_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void pmt_keyed_table_close(struct pmt_keyed_table *table)
{
	free(table->rows);
	free(table->figures);
	pmt_texts_close(&table->texts);
	*table = (struct pmt_keyed_table){0};
}

void pmt_keyed_table_add_column(struct pmt_keyed_table *table,
				const struct pmt_keyed_column *column)
{
	if (table->column_count < PMT_KEYED_COLUMNS_MAX)
		table->columns[table->column_count++] = *column;
}

static int reserve(struct pmt_keyed_table *table)
{
	uint32_t capacity = table->capacity ? table->capacity * 2 : 64;

	if (table->count < table->capacity)
		return 0;
	struct pmt_keyed_row *rows = reallocarray(table->rows, capacity, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	table->rows = rows;
	int64_t *figures = reallocarray(table->figures, (size_t)capacity,
					(table->column_count + 1) * sizeof(*figures));
	if (!figures)
		return -ENOMEM;
	table->figures = figures;
	table->capacity = capacity;
	return 0;
}

/* *text becomes the table's; NULL stays. */
static int keep(struct pmt_keyed_table *table, const char **text)
{
	if (!*text)
		return 0;
	struct pmt_text given = {*text, strlen(*text)};
	*text = pmt_texts_keep(&table->texts, given);
	return *text ? 0 : -ENOMEM;
}

int pmt_keyed_table_add(struct pmt_keyed_table *table, const struct pmt_keyed_row *row,
			uint32_t *ret_row)
{
	struct pmt_keyed_row kept = *row;
	int error = reserve(table);

	if (!error)
		error = keep(table, &kept.name);
	if (!error)
		error = keep(table, &kept.file);
	if (!error)
		error = keep(table, &kept.key_file);
	if (error)
		return error;
	table->rows[table->count] = kept;
	memset(pmt_keyed_figures(table, table->count), 0,
	       table->column_count * sizeof(*table->figures));
	*ret_row = table->count++;
	return 0;
}
