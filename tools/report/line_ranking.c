/* Sorting lines; see ranking.c for functions. */
#include "report/line_ranking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/ranking.h"

struct keyed {
	struct pmt_line line;
	const struct pmt_function *function;
	int64_t key;
	bool descends;
};

static int by_place(const struct keyed *x, const struct keyed *y)
{
	int order = strcmp(x->function->file ? x->function->file : "",
			   y->function->file ? y->function->file : "");

	if (order == 0)
		order =
		    (x->line.number > y->line.number) - (x->line.number < y->line.number);
	if (order == 0)
		order = strcmp(x->function->name, y->function->name);
	return order;
}

static int compare(const void *a, const void *b)
{
	const struct keyed *x = a;
	const struct keyed *y = b;

	if (x->key != y->key)
		return (x->key > y->key) == x->descends ? -1 : 1;
	return by_place(x, y);
}

/* Lines of functions that turned out to be one; number 0 is the function's own line. */
static struct pmt_line settle(const struct pmt_model *model, const struct pmt_line *line)
{
	struct pmt_line settled = *line;
	const struct pmt_function *f = &model->functions.items[line->function];

	settled.function = f->alias;
	if (settled.number == 0 && f->first_line <= UINT32_MAX)
		settled.number = (uint32_t)f->first_line;
	return settled;
}

/* Adds up rows of the same function and line: neighbours, after sorting by place. */
static uint32_t merge_equal(struct keyed *rows, uint32_t count)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct keyed *last = used ? &rows[used - 1] : NULL;

		if (last && last->line.function == rows[i].line.function &&
		    last->line.number == rows[i].line.number) {
			last->line.hit_count += rows[i].line.hit_count;
			pmt_figures_add(&last->line.self, &rows[i].line.self);
		} else {
			rows[used++] = rows[i];
		}
	}
	return used;
}

static uint32_t collect(const struct pmt_report_request *request,
			const struct pmt_model *model, struct keyed *rows)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < model->lines.count; i++) {
		struct keyed row = {.line = settle(model, &model->lines.items[i]),
				    .descends = request->sort_descends};

		row.function = &model->functions.items[row.line.function];
		if (!request->filter ||
		    pmt_ranking_matches(row.function, request->filter))
			rows[count++] = row;
	}
	qsort(rows, count, sizeof(*rows), compare);
	return merge_equal(rows, count);
}

static int64_t key_of(const struct pmt_line_ranking *ranking,
		      const struct pmt_model *model, const struct pmt_line *line)
{
	struct pmt_figures figures = line->self;

	if (!ranking->metric)
		return 0;
	figures.call_count = line->hit_count;
	return ranking->metric->get(&figures, model->page_bytes);
}

int pmt_line_ranking_new(const struct pmt_report_request *request,
			 const struct pmt_model *model, uint32_t default_limit,
			 struct pmt_line_ranking *ret_ranking)
{
	struct pmt_line_ranking ranking = {0};
	uint64_t limit = request->limit_count ? request->limit_count : default_limit;
	struct keyed *keyed = malloc((model->lines.count + 1) * sizeof(*keyed));

	ranking.rows = malloc((model->lines.count + 1) * sizeof(*ranking.rows));
	if (!keyed || !ranking.rows) {
		free(keyed);
		pmt_line_ranking_free(&ranking);
		return -ENOMEM;
	}
	ranking.metric = request->sort ? pmt_metric_find(request->sort)
			 : pmt_model_lines_are_of_blocks(model)
			     ? pmt_metric_find("allocated")
			     : pmt_ranking_default(model);
	ranking.matched = collect(request, model, keyed);
	for (uint32_t i = 0; i < ranking.matched; i++)
		keyed[i].key = key_of(&ranking, model, &keyed[i].line);
	qsort(keyed, ranking.matched, sizeof(*keyed), compare);
	for (uint32_t i = 0; i < ranking.matched; i++) {
		ranking.rows[i] = keyed[i].line;
		ranking.rows[i].self.call_count = keyed[i].line.hit_count;
	}
	free(keyed);
	ranking.count = limit < ranking.matched ? (uint32_t)limit : ranking.matched;
	*ret_ranking = ranking;
	return 0;
}

void pmt_line_ranking_free(struct pmt_line_ranking *ranking)
{
	free(ranking->rows);
	*ranking = (struct pmt_line_ranking){0};
}
