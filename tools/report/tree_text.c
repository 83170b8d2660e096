/* The tree as text: shares, figures, branches. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/paint.h"
#include "report/columns.h"
#include "report/label.h"
#include "report/ranking.h"
#include "report/tree_text.h"
#include "report/truth.h"

enum {
	SHARE_COLUMNS = 6,
	BRANCH_COLUMNS = 2,
	LABEL_COLUMNS_MIN = 20, /* deeper levels are not indented further */
};

/*
 * The levels above the row at hand. A chain of one function calling itself and nothing
 * else is one level: shown are its first call and a note of how deep it goes.
 */
struct levels {
	bool *goes_on;   /* by shown level: more branches of it come below */
	uint32_t *shown; /* by depth: the level as it is shown */
	uint32_t capacity;
	uint32_t folded; /* calls of the chain at hand that were not shown */
};

static bool note_level(struct levels *l, const struct pmt_tree_step *step, bool folds)
{
	if (step->depth >= l->capacity) {
		uint32_t capacity = (step->depth + 1) * 2;
		bool *goes_on = realloc(l->goes_on, capacity * sizeof(*goes_on));

		if (!goes_on)
			return false;
		l->goes_on = goes_on;
		uint32_t *shown = realloc(l->shown, capacity * sizeof(*shown));
		if (!shown)
			return false;
		l->shown = shown;
		l->capacity = capacity;
	}
	uint32_t above = step->depth > 0 ? l->shown[step->depth - 1] + 1 : 0;
	l->shown[step->depth] = folds ? above - 1 : above;
	if (!folds)
		l->goes_on[above] = !step->is_last;
	return true;
}

/* Draws the branches left of a label; returns their columns. */
static unsigned print_branches(const struct pmt_report_request *request,
			       const struct levels *l, uint32_t depth, bool is_last,
			       unsigned columns)
{
	bool ascii = request->ascii;
	uint32_t room =
	    columns > LABEL_COLUMNS_MIN ? (columns - LABEL_COLUMNS_MIN) / 2 : 0;
	/* Level 0 has no branches. */
	uint32_t level = depth > room ? depth - room : 1;
	unsigned used = 0;

	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	if (level > 1) {
		/* The levels that have no room, as their number. */
		used = (unsigned)fprintf(request->out, "+%" PRIu32 " ", level);
		level += (used + 1) / 2;
	}
	for (; level < depth; level++, used += BRANCH_COLUMNS)
		fputs(!l->goes_on[level] ? "  "
		      : ascii            ? "| "
					 : "\xe2\x94\x82 ",
		      request->out);
	if (depth > 0) {
		fputs(is_last ? (ascii ? "`-" : "\xe2\x94\x94\xe2\x94\x80")
			      : (ascii ? "|-" : "\xe2\x94\x9c\xe2\x94\x80"),
		      request->out);
		used += BRANCH_COLUMNS;
	}
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
	return used;
}

static void print_row(const struct pmt_tree_view *view, const struct pmt_columns *columns,
		      const struct levels *l, const struct pmt_tree_step *step)
{
	const struct pmt_report_request *request = view->request;
	const struct pmt_model *model = view->a->model;
	struct pmt_figures figures = view->walk.inclusive[step->node];
	char text[PMT_FIGURE_BYTES];
	unsigned used;

	/* Calls of this path itself say more than those of all below it. */
	if (strcmp(view->walk.metric->key, "calls") != 0)
		figures.call_count = model->tree.self[step->node].call_count;
	fprintf(request->out, "%6s", pmt_figure_share(text, step->share));
	pmt_columns_print(request, columns, &figures, model);
	used = print_branches(request, l, l->shown[step->depth], step->is_last,
			      columns->label_columns);
	pmt_label_print(
	    request, &model->functions.items[model->tree.paths[step->node].function],
	    columns->label_columns > used ? columns->label_columns - used : 8);
	fputc('\n', request->out);
}

/* Ends a folded chain, above the row that comes next. */
static void print_folded_chain(const struct pmt_tree_view *view,
			       const struct pmt_columns *columns, struct levels *l)
{
	unsigned indent = SHARE_COLUMNS + columns->count * columns->figure_columns + 2;

	if (l->folded == 0)
		return;
	fprintf(view->request->out, "%*s%s(recursion: %" PRIu32 " more level%s)%s\n",
		(int)indent, "", pmt_paint(view->request->color, PMT_PAINT_DIM),
		l->folded, l->folded == 1 ? "" : "s",
		pmt_paint(view->request->color, PMT_PAINT_NONE));
	l->folded = 0;
}

/* Rows until the limit; returns how many, and the branches that were left out. */
static uint64_t print_rows(struct pmt_tree_view *view, const struct pmt_columns *columns,
			   uint64_t *ret_hidden)
{
	struct levels l = {0};
	struct pmt_tree_step step;
	uint64_t rows = 0, hidden = 0;

	while (rows < view->limit && pmt_tree_walk_next(&view->walk, &step)) {
		bool folds = step.is_recursive && step.is_only;

		hidden += step.hidden_count;
		if (!note_level(&l, &step, folds)) {
			view->walk.error = -ENOMEM;
			break;
		}
		if (folds) {
			l.folded++;
			continue;
		}
		print_folded_chain(view, columns, &l);
		print_row(view, columns, &l, &step);
		rows++;
	}
	print_folded_chain(view, columns, &l);
	free(l.goes_on);
	free(l.shown);
	*ret_hidden = hidden;
	return rows;
}

int pmt_tree_text_print(struct pmt_tree_view *view)
{
	static const char *const keys[] = {"rss-net", "calls",   "allocated",
					   "net",     "objects", NULL};
	const struct pmt_report_request *request = view->request;
	struct pmt_report_request narrowed = *request;
	struct pmt_columns columns;
	uint64_t hidden;

	narrowed.width_columns -= SHARE_COLUMNS;
	if (view->metrics)
		columns = pmt_columns_of(&narrowed, view->metrics, view->metric_count);
	else
		columns = pmt_columns_choose(&narrowed, view->a->model, view->walk.metric,
					     pmt_ranking_columns(view->a->model, keys));
	fprintf(request->out, "%s%*s", pmt_paint(request->color, PMT_PAINT_TITLE),
		SHARE_COLUMNS, "share");
	pmt_columns_print_headings(request, &columns, "call path");
	uint64_t rows = print_rows(view, &columns, &hidden);
	if (rows == 0)
		fputs(view->metrics ? "  nothing\n" : "  no calls\n", request->out);
	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	if (rows == view->limit && view->walk.count > 0)
		fprintf(request->out, "Cut at %" PRIu64 " rows; --limit=all shows all.\n",
			rows);
	if (hidden > 0)
		fprintf(request->out,
			"%" PRIu64 " branch%s below %.1f%% left out; --min-share=0 shows "
			"all.\n",
			hidden, hidden == 1 ? "" : "es", view->walk.min_share * 100);
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
	if (view->print_foot)
		view->print_foot(request, view->a);
	else
		pmt_truth_print(request, view->a);
	return PMT_EXIT_OK;
}
