/* Totals and moments above the rows; counts and doubts below. */
#include "report/diff_frame.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/paint.h"
#include "cli/wrap.h"
#include "report/diff_figure.h"
#include "report/label.h"

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
		pmt_diff_figure_text(texts[0], column, before, exact),
		pmt_diff_figure_text(texts[1], column, after, exact),
		change ? pmt_diff_change_text(texts[2], column, change, exact)
		       : "no difference");
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

void pmt_diff_print_head(const struct pmt_diff_shown *shown)
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

void pmt_diff_print_doubts(const struct pmt_diff_shown *shown)
{
	print_names_differ(shown);
	for (unsigned side = 0; side < PMT_DIFF_SIDES; side++)
		print_not_compared(shown, side);
	/* The truth about a trace is one, whatever the moment. */
	for (unsigned side = shown->request->other_path ? 0 : PMT_DIFF_AFTER;
	     side < PMT_DIFF_SIDES; side++)
		print_truth(shown, side);
}

void pmt_diff_print_foot(const struct pmt_diff_shown *shown)
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
	pmt_diff_print_doubts(shown);
}
