/* Places by spot and class of sizes: sorted, and equal ones made one. */
#include "analysis/sizes.h"

#include <errno.h>
#include <stdlib.h>

#include "analysis/blame.h"

static int by_key(const void *a, const void *b)
{
	const struct pmt_size_row *x = a, *y = b;

	if (x->spot != y->spot)
		return x->spot < y->spot ? -1 : 1;
	return (x->size_class > y->size_class) - (x->size_class < y->size_class);
}

static void add_figures(struct pmt_size_figures *sum, const struct pmt_size_figures *more)
{
	pmt_held_add(&sum->allocated, &more->allocated);
	pmt_held_add(&sum->live, &more->live);
	pmt_held_add(&sum->temporary, &more->temporary);
	sum->requested_bytes += more->requested_bytes;
}

/* Rows of one key become one, in place. Returns how many are left. */
static uint32_t merge(struct pmt_size_row *rows, uint32_t count)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (used > 0 && by_key(&rows[used - 1], &rows[i]) == 0)
			add_figures(&rows[used - 1].figures, &rows[i].figures);
		else
			rows[used++] = rows[i];
	}
	return used;
}

/* A row for each place, and one for its class of all together. */
static uint32_t collect(const struct pmt_places *places, const struct pmt_model *model,
			const uint32_t *nodes, struct pmt_size_row *rows)
{
	const struct pmt_tree *tree = &model->tree;
	uint32_t all = 0, count = PMT_SIZE_CLASSES;

	for (; all < PMT_SIZE_CLASSES; all++)
		rows[all] = (struct pmt_size_row){.spot = PMT_FUNCTION_ALL,
						  .size_class = (uint8_t)all};
	for (uint32_t i = 0; i < places->count; i++) {
		const struct pmt_place *place = &places->items[i];
		uint32_t node = pmt_blamed_node(tree, &model->functions, nodes[i]);
		const struct pmt_size_row row = {
		    .spot = tree->paths[node].function,
		    .size_class = place->size_class,
		    .figures = {.allocated = place->allocated,
				.requested_bytes = place->requested_bytes,
				.live = place->live,
				.temporary = place->temporary},
		};

		if (nodes[i] == PMT_TREE_ROOT)
			continue;
		add_figures(&rows[row.size_class].figures, &row.figures);
		rows[count++] = row;
	}
	return count;
}

static uint32_t drop_empty(struct pmt_size_row *rows, uint32_t count)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < count; i++)
		if (rows[i].figures.allocated.count > 0)
			rows[used++] = rows[i];
	return used;
}

int pmt_sizes_new(const struct pmt_analysis *analysis,
		  const struct pmt_block_model_options *options,
		  struct pmt_sizes *ret_sizes)
{
	const struct pmt_places *places = &analysis->model->block_history.set.places;
	struct pmt_block_model_options all = *options;
	struct pmt_sizes sizes = {0};
	uint32_t *nodes = malloc((places->count + 1) * sizeof(*nodes));
	int error = nodes ? 0 : -ENOMEM;

	sizes.rows = malloc((places->count + PMT_SIZE_CLASSES) * sizeof(*sizes.rows));
	if (!sizes.rows)
		error = -ENOMEM;
	all.figure = PMT_BLOCKS_ALLOCATED;
	all.place_nodes = nodes;
	if (!error)
		error = pmt_block_model_new(analysis, &all, &sizes.model);
	if (!error) {
		sizes.count = collect(places, sizes.model, nodes, sizes.rows);
		qsort(sizes.rows, sizes.count, sizeof(*sizes.rows), by_key);
		sizes.count = drop_empty(sizes.rows, merge(sizes.rows, sizes.count));
		*ret_sizes = sizes;
	} else {
		free(sizes.rows);
	}
	free(nodes);
	return error;
}

void pmt_sizes_free(struct pmt_sizes *sizes)
{
	if (sizes->model)
		pmt_block_model_free(sizes->model);
	free(sizes->rows);
	*sizes = (struct pmt_sizes){0};
}

struct pmt_size_figures pmt_sizes_sum(const struct pmt_sizes *sizes, uint32_t from,
				      uint32_t to)
{
	struct pmt_size_figures sum = {0};

	for (uint32_t i = from; i < to; i++)
		add_figures(&sum, &sizes->rows[i].figures);
	return sum;
}
