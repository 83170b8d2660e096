/* Sorting functions. qsort_r is not in every libc, so rows carry their key. */
#include "report/ranking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

struct keyed {
	struct pmt_function_row row;
	int64_t key;
	const char *text; /* of name and file orders; else NULL */
	const struct pmt_function *function;
};

static const char *const of_blocks[] = {"allocated", "net",    "allocated-count",
					"freed",     "mapped", NULL};

const char *const *pmt_ranking_columns(const struct pmt_model *model,
				       const char *const *keys)
{
	return pmt_model_is_of_blocks(model) ? of_blocks : keys;
}

const char *const *pmt_ranking_line_columns(const struct pmt_model *model,
					    const char *const *keys)
{
	return pmt_model_lines_are_of_blocks(model) ? of_blocks
						    : pmt_ranking_columns(model, keys);
}

const struct pmt_metric *pmt_ranking_measured(const struct pmt_model *model,
					      const char *const *keys)
{
	if (pmt_model_is_of_blocks(model))
		return pmt_metric_find("allocated");
	for (; *keys; keys++) {
		const struct pmt_metric *metric = pmt_metric_find(*keys);

		if (metric->is_measured(&model->measured))
			return metric;
	}
	return pmt_metric_find("calls");
}

const struct pmt_metric *pmt_ranking_default(const struct pmt_model *model)
{
	static const char *const keys[] = {"rss-net", "net", "objects", NULL};

	return pmt_ranking_measured(model, keys);
}

static int by_identity(const struct keyed *x, const struct keyed *y)
{
	int order = strcmp(x->function->name, y->function->name);

	if (order == 0)
		order = strcmp(x->function->file ? x->function->file : "",
			       y->function->file ? y->function->file : "");
	if (order == 0)
		order = (x->function->first_line > y->function->first_line) -
			(x->function->first_line < y->function->first_line);
	return order;
}

static int descending(const void *a, const void *b)
{
	const struct keyed *x = a;
	const struct keyed *y = b;

	if (x->text) {
		int order = strcmp(y->text, x->text);
		return order ? order : by_identity(x, y);
	}
	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return by_identity(x, y);
}

static int ascending(const void *a, const void *b)
{
	const struct keyed *x = a;
	const struct keyed *y = b;

	if (x->text) {
		int order = strcmp(x->text, y->text);
		return order ? order : by_identity(x, y);
	}
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return by_identity(x, y);
}

bool pmt_ranking_matches(const struct pmt_function *function, const char *pattern)
{
	const char *file = function->file;

	if (pmt_glob_match(pattern, function->name, strlen(function->name)))
		return true;
	while (file) {
		if (pmt_glob_match(pattern, file, strlen(file)))
			return true;
		file = strchr(file, '/');
		file = file ? file + 1 : NULL;
	}
	return false;
}

/* The order that the request wants: by a figure, or by a text. */
static struct keyed key_row(const struct pmt_report_request *request,
			    const struct pmt_model *model,
			    const struct pmt_metric *metric,
			    const struct pmt_function_row *row)
{
	struct keyed keyed = {
	    .row = *row,
	    .function = &model->functions.items[row->function],
	};

	if (metric)
		keyed.key = metric->get(
		    request && request->sort_inclusive ? &row->inclusive : &row->self,
		    model->page_bytes);
	else if (request && request->sort && strcmp(request->sort, "file") == 0)
		keyed.text = keyed.function->file ? keyed.function->file : "";
	else
		keyed.text = keyed.function->name;
	return keyed;
}

/* Sorts rows in place. 0 or -ENOMEM. */
static int sort_rows(const struct pmt_report_request *request,
		     const struct pmt_model *model, const struct pmt_metric *metric,
		     struct pmt_function_row *rows, uint32_t count, bool descends)
{
	struct keyed *keyed = malloc((count + 1) * sizeof(*keyed));

	if (!keyed)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		keyed[i] = key_row(request, model, metric, &rows[i]);
	qsort(keyed, count, sizeof(*keyed), descends ? descending : ascending);
	for (uint32_t i = 0; i < count; i++)
		rows[i] = keyed[i].row;
	free(keyed);
	return 0;
}

int pmt_ranking_sort(struct pmt_function_row *rows, uint32_t count,
		     const struct pmt_model *model, const struct pmt_metric *metric)
{
	return sort_rows(NULL, model, metric, rows, count, true);
}

int pmt_ranking_new(const struct pmt_report_request *request,
		    const struct pmt_model *model, uint32_t default_limit,
		    struct pmt_ranking *ret_ranking)
{
	struct pmt_ranking ranking = {0};
	uint64_t limit = request->limit_count ? request->limit_count : default_limit;
	int error = pmt_function_table_new(model, &ranking.rows, &ranking.total);

	if (error)
		return error;
	ranking.metric =
	    request->sort ? pmt_metric_find(request->sort) : pmt_ranking_default(model);
	for (uint32_t i = 0; i < ranking.total; i++) {
		const struct pmt_function *f =
		    &model->functions.items[ranking.rows[i].function];

		if (!request->filter || pmt_ranking_matches(f, request->filter))
			ranking.rows[ranking.matched++] = ranking.rows[i];
	}
	/* Names from a to z, figures from the largest down. */
	bool descends = request->sort_descends == (ranking.metric != NULL);
	error = sort_rows(request, model, ranking.metric, ranking.rows, ranking.matched,
			  descends);
	if (error) {
		pmt_ranking_free(&ranking);
		return error;
	}
	ranking.count = limit < ranking.matched ? (uint32_t)limit : ranking.matched;
	*ret_ranking = ranking;
	return 0;
}

void pmt_ranking_free(struct pmt_ranking *ranking)
{
	free(ranking->rows);
	*ranking = (struct pmt_ranking){0};
}
