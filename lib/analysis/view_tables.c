/* Rows of a model become rows by name. */
#include "analysis/view_tables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/function_table.h"
#include "analysis/key_file.h"
#include "analysis/sizes.h"

/* A table while it is filled. */
struct filler {
	const struct pmt_model *model;
	const struct pmt_view_table_options *options;
	struct pmt_keyed_table table;
	char *folder; /* of the script */
	char text[PMT_KEY_FILE_BYTES];
};

static int begin(struct filler *f, const struct pmt_analysis *analysis,
		 const struct pmt_view_table_options *options)
{
	const struct pmt_model *model = analysis->model;

	*f = (struct filler){.model = model, .options = options};
	for (size_t i = 0; i < options->metric_count; i++) {
		const struct pmt_metric *metric = &options->metrics[i];
		struct pmt_keyed_column column = {
		    .key = metric->key,
		    .member = metric->member,
		    .heading = metric->heading,
		    .unit = metric->unit,
		    .is_known = metric->is_measured(&model->measured) &&
				(!options->inclusive || model->measured.paths),
		};

		pmt_keyed_table_add_column(&f->table, &column);
	}
	return pmt_script_folder(analysis->tables, &model->functions, &f->folder);
}

/* The table goes to the caller, or to nobody. */
static int end(struct filler *f, int error, struct pmt_keyed_table *ret_table)
{
	free(f->folder);
	if (error)
		pmt_keyed_table_close(&f->table);
	else
		*ret_table = f->table;
	return error;
}

static int add(struct filler *f, struct pmt_keyed_row row,
	       const struct pmt_figures *figures, uint32_t *ret_row)
{
	row.key_file = pmt_key_file(f->folder, row.file, f->text);
	if (!row.file) /* the row may be a file itself */
		row.name = pmt_key_file(f->folder, row.name, f->text);
	int error = pmt_keyed_table_add(&f->table, &row, ret_row);

	if (error)
		return error;
	int64_t *values = pmt_keyed_figures(&f->table, *ret_row);
	for (unsigned i = 0; i < f->table.column_count; i++)
		values[i] = f->options->metrics[i].get(figures, f->model->page_bytes);
	return 0;
}

/* Lines of one function are told apart by how far they are from its first. */
static uint64_t offset_of(uint64_t line, uint64_t first_line)
{
	return first_line ? line - first_line + 1 : 0;
}

static struct pmt_keyed_row row_of(const struct pmt_function *function)
{
	return (struct pmt_keyed_row){
	    .name = function->name,
	    .file = function->file,
	    .line = function->first_line,
	    .offset = offset_of(function->first_line, function->line_of),
	    .parent = PMT_KEYED_NO_ROW,
	};
}

int pmt_view_table_functions(const struct pmt_analysis *analysis,
			     const struct pmt_view_table_options *options,
			     struct pmt_keyed_table *ret_table)
{
	struct pmt_function_row *rows = NULL;
	uint32_t count = 0, row;
	struct filler f;
	int error = begin(&f, analysis, options);

	if (!error)
		error = pmt_function_table_new(f.model, &rows, &count);
	for (uint32_t i = 0; !error && i < count; i++)
		error =
		    add(&f, row_of(&f.model->functions.items[rows[i].function]),
			options->inclusive ? &rows[i].inclusive : &rows[i].self, &row);
	free(rows);
	return end(&f, error, ret_table);
}

static const struct pmt_function *function_at(const struct pmt_model *model,
					      uint32_t node)
{
	uint32_t function = model->tree.paths[node].function;

	return &model->functions.items[model->functions.items[function].alias];
}

int pmt_view_table_tree(const struct pmt_analysis *analysis,
			const struct pmt_view_table_options *options,
			struct pmt_keyed_table *ret_table)
{
	const struct pmt_tree *tree = &analysis->model->tree;
	struct pmt_figures *inclusive = NULL;
	uint32_t *rows = malloc((tree->count + 1u) * sizeof(*rows));
	struct filler f;
	int error = begin(&f, analysis, options);

	if (!error && options->inclusive)
		inclusive = pmt_tree_inclusive(tree);
	if (!rows || (!error && options->inclusive && !inclusive))
		error = -ENOMEM;
	for (uint32_t node = tree->paths[PMT_TREE_ROOT].first_child; !error && node;
	     node = pmt_tree_next(tree, node)) {
		uint32_t above = tree->paths[node].parent;
		struct pmt_keyed_row row = row_of(function_at(f.model, node));

		if (above != PMT_TREE_ROOT)
			row.parent = rows[above];
		error = add(&f, row, inclusive ? &inclusive[node] : &tree->self[node],
			    &rows[node]);
	}
	free(inclusive);
	free(rows);
	return end(&f, error, ret_table);
}

int pmt_view_table_lines(const struct pmt_analysis *analysis,
			 const struct pmt_view_table_options *options,
			 struct pmt_keyed_table *ret_table)
{
	const struct pmt_lines *lines = &analysis->model->lines;
	struct filler f;
	int error = begin(&f, analysis, options);

	for (unsigned i = 0; i < f.table.column_count; i++) {
		f.table.columns[i].is_known &= analysis->model->measured.lines;
		if (strcmp(f.table.columns[i].key, "calls") == 0 &&
		    pmt_model_lines_are_of_blocks(analysis->model))
			f.table.columns[i].is_known = false;
	}
	for (uint32_t i = 0; !error && i < lines->count; i++) {
		const struct pmt_line *line = &lines->items[i];
		const struct pmt_function *items = f.model->functions.items;
		const struct pmt_function *function = &items[items[line->function].alias];
		struct pmt_keyed_row row = row_of(function);
		struct pmt_figures figures = line->self;
		uint32_t at;

		/* 0 is the function's own line. */
		row.line = line->number ? line->number : function->first_line;
		row.offset = offset_of(row.line, function->first_line);
		figures.call_count = line->hit_count;
		error = add(&f, row, &figures, &at);
	}
	return end(&f, error, ret_table);
}

/* --- types --- */

static const struct pmt_keyed_column type_columns[] = {
    {"live-bytes", "live_bytes", "live bytes", PMT_UNIT_BYTES, true},
    {"live-count", "live_count", "live", PMT_UNIT_COUNT, true},
    {"new-count", "new_count", "new", PMT_UNIT_COUNT, true},
    {"new-bytes", "new_bytes", "new bytes", PMT_UNIT_BYTES, true},
    {"deleted-count", "deleted_count", "deleted", PMT_UNIT_COUNT, true},
    {"deleted-bytes", "deleted_bytes", "deleted", PMT_UNIT_BYTES, true},
};

static void set_counts(int64_t *figures, const struct pmt_type_counts *c)
{
	const uint64_t values[] = {
	    pmt_type_live_bytes(c), pmt_type_live_count(c), c->new_count,
	    c->new_bytes,           c->deleted_count,       c->deleted_bytes,
	};

	memcpy(figures, values, sizeof(values));
}

int pmt_view_table_types(const struct pmt_analysis *analysis,
			 struct pmt_keyed_table *ret_table)
{
	const struct pmt_types *types = &analysis->model->types;
	struct pmt_keyed_table table = {.count = 0};
	char name[PMT_TYPE_NAME_BYTES];
	int error = 0;

	for (size_t i = 0; i < sizeof(type_columns) / sizeof(*type_columns); i++) {
		struct pmt_keyed_column column = type_columns[i];

		column.is_known = analysis->model->measured.types;
		pmt_keyed_table_add_column(&table, &column);
	}
	for (uint32_t i = 0; !error && i < types->count; i++) {
		const struct pmt_type_row *type = &types->rows[i];
		struct pmt_keyed_row row = {.name = pmt_type_name(type, name),
					    .parent = PMT_KEYED_NO_ROW};
		uint32_t at;

		if (!type->counts.id)
			continue;
		error = pmt_keyed_table_add(&table, &row, &at);
		if (!error)
			set_counts(pmt_keyed_figures(&table, at), &type->counts);
	}
	if (error)
		pmt_keyed_table_close(&table);
	else
		*ret_table = table;
	return error;
}

/* --- sizes --- */

static int add_size(struct pmt_keyed_table *table, const struct pmt_size_row *size)
{
	const struct pmt_size_figures *f = &size->figures;
	char name[PMT_SIZE_NAME_BYTES];
	struct pmt_keyed_row row = {.name = pmt_size_class_name(name, size->size_class),
				    .parent = PMT_KEYED_NO_ROW};
	uint32_t at;
	int error = pmt_keyed_table_add(table, &row, &at);

	if (error)
		return error;
	const uint64_t values[] = {
	    f->allocated.bytes, f->allocated.count, f->requested_bytes, f->live.bytes,
	    f->live.count,      f->temporary.bytes, f->temporary.count,
	};
	memcpy(pmt_keyed_figures(table, at), values, sizeof(values));
	return 0;
}

int pmt_view_table_sizes(const struct pmt_analysis *analysis, const char *thread,
			 struct pmt_keyed_table *ret_table)
{
	static const struct pmt_keyed_column columns[] = {
	    {"bytes", "allocated_bytes", "allocated", PMT_UNIT_BYTES, true},
	    {"count", "allocated_count", "blocks", PMT_UNIT_COUNT, true},
	    {"requested", "requested_bytes", "requested", PMT_UNIT_BYTES, true},
	    {"live", "live_bytes", "live", PMT_UNIT_BYTES, true},
	    {"live-count", "live_count", "live", PMT_UNIT_COUNT, true},
	    {"temporary", "temporary_bytes", "temporary", PMT_UNIT_BYTES, true},
	    {"temporary-count", "temporary_count", "temporary", PMT_UNIT_COUNT, true},
	};
	const struct pmt_block_model_options options = {.spot = PMT_SPOT_THREAD,
							.thread = thread};
	struct pmt_keyed_table table = {.count = 0};
	struct pmt_sizes sizes;
	int error = pmt_sizes_new(analysis, &options, &sizes);

	if (error)
		return error;
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		struct pmt_keyed_column column = columns[i];

		column.is_known = analysis->model->measured.blocks;
		pmt_keyed_table_add_column(&table, &column);
	}
	for (uint32_t i = 0; !error && i < sizes.count; i++)
		if (sizes.rows[i].spot == PMT_FUNCTION_ALL)
			error = add_size(&table, &sizes.rows[i]);
	pmt_sizes_free(&sizes);
	if (error)
		pmt_keyed_table_close(&table);
	else
		*ret_table = table;
	return error;
}
