/* A difference as a table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/paint.h"
#include "cli/wrap.h"
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

static uint64_t absolute(int64_t value)
{
	return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static const char *figure_text(char text[PMT_FIGURE_BYTES],
			       const struct pmt_keyed_column *column, int64_t value,
			       bool exact)
{
	if (column->unit == PMT_UNIT_CHANGE)
		return pmt_figure_change(text, value, exact);
	if (column->unit == PMT_UNIT_COUNT)
		return pmt_figure_count(text, (uint64_t)value, exact);
	if (column->unit == PMT_UNIT_TIME)
		return pmt_figure_duration(text, value);
	return pmt_figure_bytes(text, (uint64_t)value, exact);
}

/* With its sign, whatever the unit. */
static const char *change_text(char text[PMT_FIGURE_BYTES],
			       const struct pmt_keyed_column *column, int64_t change,
			       bool exact)
{
	char size[PMT_FIGURE_BYTES];

	if (column->unit == PMT_UNIT_TIME)
		pmt_figure_duration(size, change < 0 ? -change : change);
	else if (column->unit == PMT_UNIT_COUNT)
		pmt_figure_count(size, absolute(change), exact);
	else
		return pmt_figure_change(text, change, exact);
	snprintf(text, PMT_FIGURE_BYTES, "%s%.30s",
		 change < 0   ? "-"
		 : change > 0 ? "+"
			      : "",
		 size);
	return text;
}

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
		change_text(text, &shown->sides[0].table.columns[column], change,
			    request->exact_bytes),
		change ? pmt_paint(request->color, PMT_PAINT_NONE) : "");
}

static void print_figure(const struct pmt_diff_shown *shown, const struct layout *l,
			 uint32_t row, unsigned column, enum pmt_diff_side side)
{
	const struct pmt_diff *diff = &shown->diff;
	char text[PMT_FIGURE_BYTES];

	figure_text(text, &shown->sides[0].table.columns[column],
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

/* "allocated: 12.0 MiB before, 15.0 MiB after, +3.0 MiB". */
static void print_totals(const struct pmt_diff_shown *shown)
{
	const struct pmt_report_request *request = shown->request;
	const struct pmt_keyed_column *column =
	    &shown->sides[0].table.columns[shown->column];
	int64_t before = pmt_diff_total(&shown->diff, PMT_DIFF_BEFORE, shown->column);
	int64_t after = pmt_diff_total(&shown->diff, PMT_DIFF_AFTER, shown->column);
	int64_t change = (int64_t)((uint64_t)after - (uint64_t)before);
	bool exact = request->exact_bytes;
	char texts[PMT_DIFF_SIDES + 1][PMT_FIGURE_BYTES];

	if (!pmt_diff_has_sum(shown)) {
		fprintf(request->out, "%s, %s\n", column->heading,
			request->sort_inclusive ? "each with all that it called"
						: "at each moment");
		return;
	}
	fprintf(request->out, "%s: %s before, %s after, %s\n", column->heading,
		figure_text(texts[0], column, before, exact),
		figure_text(texts[1], column, after, exact),
		change ? change_text(texts[2], column, change, exact) : "no difference");
}

/* What the resident set did in between, and where the tracer is in all this. */
static void print_moments(const struct pmt_diff_shown *shown)
{
	const struct pmt_report_request *request = shown->request;
	const struct pmt_diff_trace *sides = shown->sides;
	char text[PMT_FIGURE_BYTES];

	if (request->other_path)
		return;
	if (sides[PMT_DIFF_AFTER].has_rss)
		fprintf(request->out, "RSS: %s\n",
			pmt_figure_change(
			    text,
			    (int64_t)((uint64_t)sides[PMT_DIFF_AFTER].rss_bytes -
				      (uint64_t)sides[PMT_DIFF_BEFORE].rss_bytes),
			    request->exact_bytes));
	fprintf(request->out, "%sIn no figure: the tracer's own memory%s%s%s\n",
		pmt_paint(request->color, PMT_PAINT_DIM),
		sides[0].tracer_bytes ? ", resident " : "",
		sides[0].tracer_bytes
		    ? pmt_figure_bytes(text, sides[0].tracer_bytes, request->exact_bytes)
		    : "",
		pmt_paint(request->color, PMT_PAINT_NONE));
	if (sides[PMT_DIFF_AFTER].begin_count > 1)
		fprintf(request->out, "%sThe first of %" PRIu64 " of that name%s\n",
			pmt_paint(request->color, PMT_PAINT_DIM),
			sides[PMT_DIFF_AFTER].begin_count,
			pmt_paint(request->color, PMT_PAINT_NONE));
}

static void print_head(const struct pmt_diff_shown *shown)
{
	static const char *const words[PMT_DIFF_SIDES] = {"before", "after"};
	const struct pmt_report_request *request = shown->request;

	for (unsigned side = 0; side < PMT_DIFF_SIDES; side++) {
		fprintf(request->out, "%-7s ", words[side]);
		pmt_label_print_end(request, shown->sides[side].label,
				    request->width_columns - 8);
		fputc('\n', request->out);
	}
	if (!shown->kind->is_headline)
		print_totals(shown);
	print_moments(shown);
	fputc('\n', request->out);
}

/* Figures that one trace has and the other has not. */
static void print_not_compared(const struct pmt_diff_shown *shown, unsigned side)
{
	const struct pmt_keyed_table *table = &shown->sides[side].table;
	const struct pmt_keyed_table *other = &shown->sides[!side].table;
	char text[600];
	int used = 0;

	for (unsigned i = 0; i < table->column_count && used < 400; i++)
		if (table->columns[i].is_known && !other->columns[i].is_known)
			used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%s",
					 used ? ", " : "", table->columns[i].key);
	if (used == 0)
		return;
	char line[1200];
	snprintf(line, sizeof(line), "Not compared, as only %.500s has it: %s",
		 shown->sides[side].path, text);
	fputs(pmt_paint(shown->request->color, PMT_PAINT_WARN), shown->request->out);
	pmt_wrap_print(shown->request->out, "! ", line, shown->request->width_columns);
	fputs(pmt_paint(shown->request->color, PMT_PAINT_NONE), shown->request->out);
}

static void print_truth(const struct pmt_diff_shown *shown, unsigned side)
{
	const struct pmt_report_request *request = shown->request;
	const struct pmt_diff_trace *s = &shown->sides[side];

	if (!s->truth || !*s->truth)
		return;
	fprintf(request->out, "Of ");
	pmt_label_print_end(request, s->path, request->width_columns - 4);
	fprintf(request->out, ":\n%s", s->truth);
}

/* From 3.11 on functions have qualified names. */
static void print_names_differ(const struct pmt_diff_shown *shown)
{
	enum { FIRST_QUALIFIED_MINOR = 11 };
	unsigned before = shown->sides[PMT_DIFF_BEFORE].python_minor;
	unsigned after = shown->sides[PMT_DIFF_AFTER].python_minor;
	char text[200];

	if (!before || !after ||
	    (before < FIRST_QUALIFIED_MINOR) == (after < FIRST_QUALIFIED_MINOR))
		return;
	snprintf(text, sizeof(text),
		 "Of CPython 3.%u and 3.%u: methods and inner functions have other names "
		 "from 3.11 on and do not meet.",
		 before, after);
	fputs(pmt_paint(shown->request->color, PMT_PAINT_WARN), shown->request->out);
	pmt_wrap_print(shown->request->out, "! ", text, shown->request->width_columns);
	fputs(pmt_paint(shown->request->color, PMT_PAINT_NONE), shown->request->out);
}

static void print_doubts(const struct pmt_diff_shown *shown)
{
	print_names_differ(shown);
	for (unsigned side = 0; side < PMT_DIFF_SIDES; side++)
		print_not_compared(shown, side);
	/* The truth about a trace is one, whatever the moment. */
	for (unsigned side = shown->request->other_path ? 0 : PMT_DIFF_AFTER;
	     side < PMT_DIFF_SIDES; side++)
		print_truth(shown, side);
}

static void print_foot(const struct pmt_diff_shown *shown)
{
	const struct pmt_report_request *request = shown->request;
	uint32_t differ = shown->matched + shown->other_count;

	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	if (differ == 0)
		fprintf(request->out, "No difference.\n");
	else
		fprintf(request->out,
			"%" PRIu32 " of %" PRIu32 " %s differ: %" PRIu32 " new, %" PRIu32
			" gone\n",
			differ, shown->diff.count, shown->kind->rows, shown->new_count,
			shown->gone_count);
	if (shown->other_count > 0)
		fprintf(request->out,
			"%" PRIu32 " in other figures only; --sort=KEY compares those\n",
			shown->other_count);
	if (shown->count < shown->matched)
		fprintf(request->out,
			"%" PRIu32 " of %" PRIu32 " shown; --limit=all shows all\n",
			shown->count, shown->matched);
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
	print_doubts(shown);
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

	print_head(shown);
	if (shown->kind->is_headline) {
		l.partner = -1;
		print_headline(shown, &l);
		print_doubts(shown);
		return PMT_EXIT_OK;
	}
	if (shown->count > 0)
		print_headings(shown, &l);
	for (uint32_t i = 0; i < shown->count; i++)
		print_row(shown, &l, shown->order[i].index);
	print_foot(shown);
	return PMT_EXIT_OK;
}
