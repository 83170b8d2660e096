/* A difference as JSON, CSV and folded stacks. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/csv.h"
#include "report/diff_print.h"
#include "report/json_stream.h"
#include "report/label.h"

/* Of a row's callers so many are told: recursion is thousands of calls deep, and each of
 * its rows has all those above it. */
enum { CALLERS_MAX = 128 };

static const char *state_of(const struct pmt_diff *diff, uint32_t row)
{
	return pmt_diff_is_new(diff, row)    ? "new"
	       : pmt_diff_is_gone(diff, row) ? "gone"
					     : "both";
}

/* The line that a side has the row at; 0: none. */
static uint64_t line_of(const struct pmt_diff *diff, uint32_t row,
			enum pmt_diff_side side)
{
	uint32_t at = diff->rows[row].rows[side];

	return at == PMT_KEYED_NO_ROW ? 0 : diff->tables[side]->rows[at].line;
}

/* --- JSON --- */

static json_t *line_json(uint64_t line)
{
	return line ? json_integer((json_int_t)line) : json_null();
}

static json_t *side_json(const struct pmt_diff *diff, uint32_t row,
			 enum pmt_diff_side side)
{
	const struct pmt_keyed_table *table = diff->tables[side];
	json_t *object = json_object();

	for (unsigned i = 0; i < diff->column_count; i++)
		json_object_set_new(
		    object, table->columns[i].member,
		    table->columns[i].is_known
			? json_integer(pmt_diff_figure(diff, row, side, i))
			: json_null());
	return object;
}

static json_t *change_json(const struct pmt_diff *diff, uint32_t row)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < diff->column_count; i++)
		json_object_set_new(object, diff->tables[0]->columns[i].member,
				    pmt_diff_is_known(diff, i)
					? json_integer(pmt_diff_change(diff, row, i))
					: json_null());
	return object;
}

/* The nearest calls above, from the outermost in; how many more there are. */
static json_t *callers_json(const struct pmt_diff *diff, uint32_t row, uint64_t *ret_more)
{
	json_t *callers = json_array();
	uint64_t count = 0;

	for (uint32_t at = diff->rows[row].parent; at != PMT_KEYED_NO_ROW;
	     at = diff->rows[at].parent) {
		const struct pmt_keyed_row *text = pmt_diff_text(diff, at);

		if (count++ >= CALLERS_MAX)
			continue;
		json_t *call = json_object();
		json_object_set_new(call, "name", pmt_json_text(text->name));
		json_object_set_new(call, "file", pmt_json_text(text->file));
		json_object_set_new(call, "line", line_json(text->line));
		json_array_insert_new(callers, 0, call);
	}
	*ret_more = count > CALLERS_MAX ? count - CALLERS_MAX : 0;
	return callers;
}

static json_t *row_json(const struct pmt_diff *diff, uint32_t row)
{
	const struct pmt_keyed_row *text = pmt_diff_text(diff, row);
	json_t *object = json_object();
	uint64_t more;

	json_object_set_new(object, "name", pmt_json_text(text->name));
	json_object_set_new(object, "file", pmt_json_text(text->file));
	json_object_set_new(object, "line_before",
			    line_json(line_of(diff, row, PMT_DIFF_BEFORE)));
	json_object_set_new(object, "line_after",
			    line_json(line_of(diff, row, PMT_DIFF_AFTER)));
	json_object_set_new(object, "state", json_string(state_of(diff, row)));
	json_object_set_new(object, "callers", callers_json(diff, row, &more));
	if (more > 0)
		json_object_set_new(object, "callers_left_out",
				    json_integer((json_int_t)more));
	json_object_set_new(object, "before", side_json(diff, row, PMT_DIFF_BEFORE));
	json_object_set_new(object, "after", side_json(diff, row, PMT_DIFF_AFTER));
	json_object_set_new(object, "difference", change_json(diff, row));
	return object;
}

/* Of all rows together; of inclusive figures there is no sum. */
static json_t *totals_json(const struct pmt_diff_shown *shown)
{
	static const char *const words[] = {"before", "after", "difference"};
	const struct pmt_diff *diff = &shown->diff;
	json_t *totals = json_object();

	for (unsigned part = 0; part < 3; part++) {
		json_t *object = json_object();

		for (unsigned i = 0; i < diff->column_count; i++) {
			int64_t before = pmt_diff_total(diff, PMT_DIFF_BEFORE, i);
			int64_t after = pmt_diff_total(diff, PMT_DIFF_AFTER, i);
			bool is_known = part < 2 ? diff->tables[part]->columns[i].is_known
						 : pmt_diff_is_known(diff, i);
			int64_t value =
			    part == 0   ? before
			    : part == 1 ? after
					: (int64_t)((uint64_t)after - (uint64_t)before);

			json_object_set_new(object, diff->tables[0]->columns[i].member,
					    is_known && pmt_diff_has_sum(shown)
						? json_integer(value)
						: json_null());
		}
		json_object_set_new(totals, words[part], object);
	}
	return totals;
}

static json_t *moments_json(const struct pmt_diff_shown *shown)
{
	const struct pmt_report_request *request = shown->request;
	const struct pmt_diff_trace *before = &shown->sides[PMT_DIFF_BEFORE];
	const struct pmt_diff_trace *after = &shown->sides[PMT_DIFF_AFTER];
	json_t *object;

	if (request->other_path)
		return json_null();
	object = json_object();
	json_object_set_new(object, "from", pmt_json_text(request->from_mark));
	json_object_set_new(object, "to", pmt_json_text(request->to_mark));
	json_object_set_new(object, "region", pmt_json_text(request->region));
	json_object_set_new(object, "from_ns", json_integer(before->moment_ns));
	json_object_set_new(object, "to_ns", json_integer(after->moment_ns));
	json_object_set_new(object, "times",
			    json_integer((json_int_t)after->begin_count));
	json_object_set_new(object, "rss_bytes",
			    after->has_rss
				? json_integer((json_int_t)((uint64_t)after->rss_bytes -
							    (uint64_t)before->rss_bytes))
				: json_null());
	json_object_set_new(object, "tracer_bytes",
			    after->tracer_bytes
				? json_integer((json_int_t)after->tracer_bytes)
				: json_null());
	return object;
}

int pmt_diff_print_json(const struct pmt_diff_shown *shown)
{
	struct pmt_json_stream stream;
	json_t *head = json_object();

	json_object_set(head, "before", shown->sides[PMT_DIFF_BEFORE].trace);
	json_object_set(head, "after", shown->sides[PMT_DIFF_AFTER].trace);
	json_object_set_new(head, "moments", moments_json(shown));
	json_object_set_new(head, "view", json_string(shown->kind->view));
	json_object_set_new(head, "inclusive",
			    json_boolean(shown->request->sort_inclusive));
	json_object_set_new(head, "rows_compared",
			    json_integer((json_int_t)shown->diff.count));
	json_object_set_new(head, "totals", totals_json(shown));
	pmt_json_stream_begin_behind(&stream, shown->request->out, head, "diff");
	for (uint32_t i = 0; i < shown->count; i++)
		pmt_json_stream_add(&stream,
				    row_json(&shown->diff, shown->order[i].index));
	return pmt_json_stream_end(&stream);
}

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
	print_frames(out, diff, row, way, CALLERS_MAX + 1);
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
		uint64_t line = line_of(diff, row, side);

		pmt_csv_integer_if(csv, line != 0, (int64_t)line);
	}
	pmt_csv_text(csv, state_of(diff, row));
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
