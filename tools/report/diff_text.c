/* A difference as a table: its rows; what is around them, diff_frame.c says. */
#include <stdio.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/paint.h"
#include "report/diff_figure.h"
#include "report/diff_frame.h"
#include "report/diff_print.h"
#include "report/label.h"

enum {
	FIGURE_COLUMNS = 12,
	EXACT_FIGURE_COLUMNS = 19,
	LABEL_GAP_COLUMNS = 2,
	LABEL_COLUMNS_MIN = 30,
	CALLERS_BYTES = 2000,
};

/* What goes left of a label. */
struct layout {
	int figure_columns;
	int partner; /* a column whose change is shown too; -1: none */
	unsigned label_columns;
};

/* Bytes go with their count. */
static int find_partner(const struct pmt_diff_shown *shown)
{
	static const char *const pairs[][2] = {
	    {"allocated", "allocated-count"}, {"freed", "freed-count"},
	    {"objects", "object-count"},      {"bytes", "count"},
	    {"live-bytes", "live-count"},
	};
	const struct pmt_keyed_column *columns = shown->sides[0].table.columns;
	const char *key = columns[shown->column].key;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		if (strcmp(pairs[i][0], key) != 0)
			continue;
		for (unsigned k = 0; k < shown->diff.column_count; k++)
			if (strcmp(columns[k].key, pairs[i][1]) == 0 &&
			    pmt_diff_is_known(&shown->diff, k))
				return (int)k;
	}
	return -1;
}

static struct layout lay_out(const struct pmt_diff_shown *shown)
{
	const struct pmt_report_request *request = shown->request;
	struct layout l = {.figure_columns = request->exact_bytes ? EXACT_FIGURE_COLUMNS
								  : FIGURE_COLUMNS};
	unsigned width = request->width_columns;
	unsigned used = 3 * (unsigned)l.figure_columns + LABEL_GAP_COLUMNS;

	l.partner = find_partner(shown);
	if (used + (unsigned)l.figure_columns + LABEL_COLUMNS_MIN > width)
		l.partner = -1;
	if (l.partner >= 0)
		used += (unsigned)l.figure_columns;
	l.label_columns = used + 8 < width ? width - used : 8;
	return l;
}

static void print_change(const struct pmt_diff_shown *shown, const struct layout *l,
			 uint32_t row, unsigned column)
{
	const struct pmt_report_request *request = shown->request;
	int64_t change = pmt_diff_change(&shown->diff, row, column);
	enum pmt_paint paint = change > 0 ? PMT_PAINT_UP : PMT_PAINT_DOWN;
	char text[PMT_FIGURE_BYTES];

	fprintf(request->out, "%s%*s%s", change ? pmt_paint(request->color, paint) : "",
		l->figure_columns,
		pmt_diff_change_text(text, &shown->sides[0].table.columns[column], change,
				     request->exact_bytes),
		change ? pmt_paint(request->color, PMT_PAINT_NONE) : "");
}

static void print_figure(const struct pmt_diff_shown *shown, const struct layout *l,
			 uint32_t row, unsigned column, enum pmt_diff_side side)
{
	const struct pmt_diff *diff = &shown->diff;
	char text[PMT_FIGURE_BYTES];

	pmt_diff_figure_text(text, &shown->sides[0].table.columns[column],
			     pmt_diff_figure(diff, row, side, column),
			     shown->request->exact_bytes);
	if (diff->rows[row].rows[side] == PMT_KEYED_NO_ROW)
		strcpy(text, side == PMT_DIFF_BEFORE ? "new" : "gone");
	fprintf(shown->request->out, "%*s", l->figure_columns, text);
}

/* The calls above, from the innermost out, in a line below the row. */
static void print_callers(const struct pmt_diff_shown *shown, const struct layout *l,
			  uint32_t row)
{
	const struct pmt_report_request *request = shown->request;
	const struct pmt_diff *diff = &shown->diff;
	char text[CALLERS_BYTES] = "";
	size_t used = 0;

	for (uint32_t at = diff->rows[row].parent;
	     at != PMT_KEYED_NO_ROW && used < sizeof(text) - 1;
	     at = diff->rows[at].parent) {
		int size = snprintf(text + used, sizeof(text) - used, "%s< %s",
				    used ? " " : "", pmt_diff_text(diff, at)->name);
		used += size > 0 ? (size_t)size : 0;
	}
	if (!*text)
		return;
	fprintf(request->out, "%*s%s", (int)(request->width_columns - l->label_columns),
		"", pmt_paint(request->color, PMT_PAINT_DIM));
	pmt_label_print_text(request, text, l->label_columns);
	fprintf(request->out, "%s\n", pmt_paint(request->color, PMT_PAINT_NONE));
}

static void print_row(const struct pmt_diff_shown *shown, const struct layout *l,
		      uint32_t row)
{
	struct pmt_function function = pmt_diff_function(&shown->diff, row);

	print_change(shown, l, row, shown->column);
	print_figure(shown, l, row, shown->column, PMT_DIFF_BEFORE);
	print_figure(shown, l, row, shown->column, PMT_DIFF_AFTER);
	if (l->partner >= 0)
		print_change(shown, l, row, (unsigned)l->partner);
	fprintf(shown->request->out, "%*s", LABEL_GAP_COLUMNS, "");
	pmt_label_print(shown->request, &function, l->label_columns);
	fputc('\n', shown->request->out);
	print_callers(shown, l, row);
}

static void print_headings(const struct pmt_diff_shown *shown, const struct layout *l)
{
	FILE *out = shown->request->out;
	int columns = l->figure_columns;

	fprintf(out, "%s%*s%*s%*s", pmt_paint(shown->request->color, PMT_PAINT_TITLE),
		columns, "difference", columns, "before", columns, "after");
	if (l->partner >= 0)
		fprintf(out, "%*s", columns,
			shown->sides[0].table.columns[l->partner].heading);
	fprintf(out, "%*s%s%s\n", LABEL_GAP_COLUMNS, "", shown->kind->row,
		pmt_paint(shown->request->color, PMT_PAINT_NONE));
}

/* The one row, a line for each figure. */
static void print_headline(const struct pmt_diff_shown *shown, const struct layout *l)
{
	print_headings(shown, l);
	for (unsigned i = 0; i < shown->diff.column_count; i++) {
		const struct pmt_keyed_column *column = &shown->sides[0].table.columns[i];

		if (!pmt_diff_is_known(&shown->diff, i))
			continue;
		print_change(shown, l, 0, i);
		print_figure(shown, l, 0, i, PMT_DIFF_BEFORE);
		print_figure(shown, l, 0, i, PMT_DIFF_AFTER);
		fprintf(shown->request->out, "%*s%s\n", LABEL_GAP_COLUMNS, "",
			column->key);
	}
}

int pmt_diff_print_text(const struct pmt_diff_shown *shown)
{
	struct layout l = lay_out(shown);

	pmt_diff_print_head(shown);
	if (shown->kind->is_headline) {
		l.partner = -1;
		print_headline(shown, &l);
		pmt_diff_print_doubts(shown);
		return PMT_EXIT_OK;
	}
	if (shown->count > 0)
		print_headings(shown, &l);
	for (uint32_t i = 0; i < shown->count; i++)
		print_row(shown, &l, shown->order[i].index);
	pmt_diff_print_foot(shown);
	return PMT_EXIT_OK;
}
