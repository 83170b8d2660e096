/* A difference as CSV and folded stacks. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/csv.h"
#include "report/diff_print.h"
#include "report/label.h"

/* --- folded --- */

/* From the outermost in; at most the nearest `most`. way holds them meanwhile. */
static void print_frames(FILE *out, const struct pmt_diff *diff, uint32_t row,
			 uint32_t *way, uint32_t most)
{
	uint32_t count = 0;

	for (uint32_t at = row; at != PMT_KEYED_NO_ROW && count < most;
	     at = diff->rows[at].parent)
		way[count++] = at;
	while (count-- > 0) {
		struct pmt_function function = pmt_diff_function(diff, way[count]);

		pmt_label_print_folded(out, &function);
		if (count > 0)
			fputc(';', out);
	}
}

int pmt_diff_print_folded(const struct pmt_diff_shown *shown)
{
	const struct pmt_diff *diff = &shown->diff;
	uint32_t *way = malloc((diff->count + 1u) * sizeof(*way));
	uint32_t negative_count = 0;

	if (!way) {
		pmt_message_error("not enough memory for the stacks");
		return PMT_EXIT_UNREADABLE;
	}
	/* Stacks that do not differ too: they are the picture's ground. */
	for (uint32_t row = 0; row < diff->count; row++) {
		int64_t before =
		    pmt_diff_figure(diff, row, PMT_DIFF_BEFORE, shown->column);
		int64_t after = pmt_diff_figure(diff, row, PMT_DIFF_AFTER, shown->column);

		if (before < 0 || after < 0)
			negative_count++;
		if (before <= 0 && after <= 0)
			continue;
		print_frames(shown->request->out, diff, row, way, UINT32_MAX);
		fprintf(shown->request->out, " %" PRId64 " %" PRId64 "\n",
			before > 0 ? before : 0, after > 0 ? after : 0);
	}
	free(way);
	if (negative_count > 0)
		pmt_message_warning("folded stacks hold no negative values: %" PRIu32
				    " of %s are left out",
				    negative_count,
				    shown->sides[0].table.columns[shown->column].key);
	return PMT_EXIT_OK;
}

/* --- CSV --- */

static void print_heads(struct pmt_csv *csv, const struct pmt_diff *diff)
{
	static const char *const heads[] = {"name",       "file",  "line_before",
					    "line_after", "state", "stack"};
	static const char *const parts[] = {"before", "after", "difference"};
	char name[80];

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		pmt_csv_text(csv, heads[i]);
	for (size_t part = 0; part < 3; part++)
		for (unsigned i = 0; i < diff->column_count; i++) {
			snprintf(name, sizeof(name), "%s_%s", parts[part],
				 diff->tables[0]->columns[i].member);
			pmt_csv_text(csv, name);
		}
	pmt_csv_end_row(csv);
}

/* The row and the calls above it, as a folded stack; empty where there are no calls. */
static int print_stack(struct pmt_csv *csv, const struct pmt_diff *diff, uint32_t row,
		       uint32_t *way)
{
	char *text = NULL;
	size_t size;

	if (diff->rows[row].parent == PMT_KEYED_NO_ROW) {
		pmt_csv_empty(csv);
		return 0;
	}
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return -1;
	print_frames(out, diff, row, way, PMT_DIFF_CALLERS_MAX + 1);
	if (fclose(out) != 0) {
		free(text);
		return -1;
	}
	pmt_csv_text(csv, text);
	free(text);
	return 0;
}

static int print_csv_row(struct pmt_csv *csv, const struct pmt_diff *diff, uint32_t row,
			 uint32_t *way)
{
	const struct pmt_keyed_row *text = pmt_diff_text(diff, row);

	pmt_csv_text(csv, text->name);
	pmt_csv_text(csv, text->file);
	for (unsigned side = 0; side < PMT_DIFF_SIDES; side++) {
		uint64_t line = pmt_diff_line(diff, row, side);

		pmt_csv_integer_if(csv, line != 0, (int64_t)line);
	}
	pmt_csv_text(csv, pmt_diff_state(diff, row));
	int error = print_stack(csv, diff, row, way);
	for (unsigned side = 0; side < PMT_DIFF_SIDES; side++)
		for (unsigned i = 0; i < diff->column_count; i++)
			pmt_csv_integer_if(csv, diff->tables[side]->columns[i].is_known,
					   pmt_diff_figure(diff, row, side, i));
	for (unsigned i = 0; i < diff->column_count; i++)
		pmt_csv_integer_if(csv, pmt_diff_is_known(diff, i),
				   pmt_diff_change(diff, row, i));
	pmt_csv_end_row(csv);
	return error;
}

int pmt_diff_print_csv(const struct pmt_diff_shown *shown)
{
	const struct pmt_diff *diff = &shown->diff;
	struct pmt_csv csv = {.out = shown->request->out};
	uint32_t *way = malloc((diff->count + 1u) * sizeof(*way));
	int error = way ? 0 : -1;

	print_heads(&csv, diff);
	for (uint32_t i = 0; !error && i < shown->count; i++)
		error = print_csv_row(&csv, diff, shown->order[i].index, way);
	free(way);
	if (error)
		pmt_message_error("not enough memory for the stacks");
	return error ? PMT_EXIT_UNREADABLE : PMT_EXIT_OK;
}
