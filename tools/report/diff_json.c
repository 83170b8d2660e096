/* A difference as JSON. */
#include "report/diff_print.h"
#include "report/json_stream.h"

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

		if (count++ >= PMT_DIFF_CALLERS_MAX)
			continue;
		json_t *call = json_object();
		json_object_set_new(call, "name", pmt_json_text(text->name));
		json_object_set_new(call, "file", pmt_json_text(text->file));
		json_object_set_new(call, "line", line_json(text->line));
		json_array_insert_new(callers, 0, call);
	}
	*ret_more = count > PMT_DIFF_CALLERS_MAX ? count - PMT_DIFF_CALLERS_MAX : 0;
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
			    line_json(pmt_diff_line(diff, row, PMT_DIFF_BEFORE)));
	json_object_set_new(object, "line_after",
			    line_json(pmt_diff_line(diff, row, PMT_DIFF_AFTER)));
	json_object_set_new(object, "state", json_string(pmt_diff_state(diff, row)));
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
