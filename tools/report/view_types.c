/* The view "types": Python's objects by type, made, gone and live (mode=refs). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/collections.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/label.h"
#include "report/load.h"
#include "report/order.h"
#include "report/truth.h"
#include "report/view.h"

enum {
	ROWS_DEFAULT = 30,
	FIGURE_COLUMNS = 11,
	EXACT_COLUMNS = 16,
	KEY_COUNT = 7,
};

/* By what rows are sorted, the first without --sort; as members, the same with _. */
static const char *const members[KEY_COUNT] = {
    "live_bytes",    "live_count",    "new_count",     "new_bytes",
    "deleted_count", "deleted_bytes", "earlier_count",
};

struct shown {
	const struct pmt_analysis *a;
	struct pmt_order *order; /* of rows */
	uint32_t count;
	uint32_t matched;
};

static uint64_t figure_of(const struct pmt_type_counts *c, unsigned key)
{
	const uint64_t figures[KEY_COUNT] = {
	    pmt_type_live_bytes(c), pmt_type_live_count(c), c->new_count,
	    c->new_bytes,           c->deleted_count,       c->deleted_bytes,
	    c->earlier_count,
	};

	return figures[key];
}

static bool is_same_word(const char *key, const char *member)
{
	for (; *key && *member; key++, member++)
		if (*key != *member && !(*key == '-' && *member == '_'))
			return false;
	return *key == *member;
}

static unsigned sort_key(const struct pmt_report_request *request)
{
	for (unsigned key = 0; request->sort && key < KEY_COUNT; key++)
		if (is_same_word(request->sort, members[key]))
			return key;
	return 0;
}

static bool select_row(const struct pmt_report_request *request,
		       const struct pmt_type_row *row)
{
	char name[PMT_TYPE_NAME_BYTES];

	if (!row->counts.id)
		return false;
	if (!request->filter)
		return true;
	pmt_type_name(row, name);
	return pmt_glob_match(request->filter, name, strlen(name)) ||
	       (row->is_known &&
		pmt_glob_match(request->filter, row->name, strlen(row->name)));
}

static int rank(const struct pmt_report_request *request, struct shown *shown)
{
	const struct pmt_types *types = &shown->a->model->types;
	unsigned key = sort_key(request);

	shown->order = calloc(types->count + 1u, sizeof(*shown->order));
	if (!shown->order)
		return PMT_EXIT_UNREADABLE;
	for (uint32_t i = 0; i < types->count; i++) {
		if (!select_row(request, &types->rows[i]))
			continue;
		uint64_t figure = figure_of(&types->rows[i].counts, key);
		shown->order[shown->matched++] = (struct pmt_order){
		    figure > INT64_MAX ? INT64_MAX : (int64_t)figure, i};
	}
	pmt_order_sort(shown->order, shown->matched, request->sort_descends);
	uint64_t limit = request->limit_count;
	if (!limit)
		limit = request->format == PMT_REPORT_TEXT ? ROWS_DEFAULT : UINT32_MAX;
	shown->count = limit < shown->matched ? (uint32_t)limit : shown->matched;
	return PMT_EXIT_OK;
}

/* --- text --- */

static void print_figures(const struct pmt_report_request *request,
			  const struct pmt_type_counts *c)
{
	int columns = request->exact_bytes ? EXACT_COLUMNS : FIGURE_COLUMNS;
	bool exact = request->exact_bytes;
	char text[PMT_FIGURE_BYTES];

	fprintf(request->out, "%*s", columns,
		pmt_figure_bytes(text, pmt_type_live_bytes(c), exact));
	fprintf(request->out, "%*s", columns,
		pmt_figure_count(text, pmt_type_live_count(c), exact));
	fprintf(request->out, "%*s", columns,
		pmt_figure_count(text, c->new_count, exact));
	fprintf(request->out, "%*s  ", columns,
		pmt_figure_count(text, c->deleted_count, exact));
}

static void print_head(const struct pmt_report_request *request,
		       const struct shown *shown)
{
	int columns = request->exact_bytes ? EXACT_COLUMNS : FIGURE_COLUMNS;
	const struct pmt_type_counts total = pmt_types_total(&shown->a->model->types);
	char live[PMT_FIGURE_BYTES], made[PMT_FIGURE_BYTES], bytes[PMT_FIGURE_BYTES];

	fprintf(
	    request->out, "%s objects live, %s; %s made since the trace began\n\n",
	    pmt_figure_count(live, pmt_type_live_count(&total), false),
	    pmt_figure_bytes(bytes, pmt_type_live_bytes(&total), request->exact_bytes),
	    pmt_figure_count(made, total.new_count, false));
	fprintf(request->out, "%s%*s%*s%*s%*s  type%s\n",
		pmt_paint(request->color, PMT_PAINT_TITLE), columns, "live bytes",
		columns, "live", columns, "new", columns, "deleted",
		pmt_paint(request->color, PMT_PAINT_NONE));
}

static void print_foot(const struct pmt_report_request *request,
		       const struct shown *shown)
{
	const struct pmt_type_counts total = pmt_types_total(&shown->a->model->types);
	uint64_t collected, runs = pmt_collections_count(shown->a, &collected);

	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	if (shown->matched > shown->count)
		fprintf(request->out,
			"%" PRIu32 " of %" PRIu32 "; --limit=all shows all\n",
			shown->count, shown->matched);
	if (total.earlier_count)
		fprintf(request->out,
			"Deleted, but made before the trace began: %" PRIu64 "\n",
			total.earlier_count);
	if (total.missed_count)
		fprintf(request->out,
			"Deleted unseen, as their addresses came again: %" PRIu64 "\n",
			total.missed_count);
	if (runs)
		fprintf(request->out,
			"Found by the cyclic garbage collector: %" PRIu64 " in %" PRIu64
			" run%s\n",
			collected, runs, runs == 1 ? "" : "s");
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
}

static int print_text(const struct pmt_report_request *request, const struct shown *shown)
{
	unsigned used = 4 * (request->exact_bytes ? EXACT_COLUMNS : FIGURE_COLUMNS) + 2;
	unsigned left =
	    request->width_columns > used + 8 ? request->width_columns - used : 8;
	char name[PMT_TYPE_NAME_BYTES];

	if (!shown->a->model->measured.types) {
		fputs("This trace has no counts of types: trace with "
		      "PYMEMTRACE=mode=refs (CPython 3.13 or newer).\n",
		      request->out);
		pmt_truth_print(request, shown->a);
		return PMT_EXIT_OK;
	}
	print_head(request, shown);
	for (uint32_t i = 0; i < shown->count; i++) {
		const struct pmt_type_row *row =
		    &shown->a->model->types.rows[shown->order[i].index];

		print_figures(request, &row->counts);
		pmt_type_name(row, name);
		pmt_label_print_end(request, name, left);
		fputc('\n', request->out);
	}
	print_foot(request, shown);
	pmt_truth_print(request, shown->a);
	return PMT_EXIT_OK;
}

/* --- data --- */

static void set_counts(json_t *object, const struct pmt_type_counts *c)
{
	for (unsigned key = 0; key < KEY_COUNT; key++)
		json_object_set_new(object, members[key],
				    json_integer((json_int_t)figure_of(c, key)));
	json_object_set_new(object, "missed_count",
			    json_integer((json_int_t)c->missed_count));
}

static int print_json(const struct pmt_report_request *request, const struct shown *shown)
{
	const struct pmt_types *types = &shown->a->model->types;
	const struct pmt_type_counts total = pmt_types_total(types);
	json_t *document = json_object(), *rows = json_array();
	json_t *totals = json_object();

	set_counts(totals, &total);
	for (uint32_t i = 0; i < shown->count; i++) {
		const struct pmt_type_row *row = &types->rows[shown->order[i].index];
		json_t *object = json_object();

		json_object_set_new(object, "module", pmt_json_text(row->module));
		json_object_set_new(object, "type", pmt_json_text(row->name));
		json_object_set_new(object, "basic_bytes",
				    json_integer((json_int_t)row->basic_bytes));
		json_object_set_new(object, "item_bytes",
				    json_integer((json_int_t)row->item_bytes));
		set_counts(object, &row->counts);
		json_array_append_new(rows, object);
	}
	json_object_set_new(document, "trace", pmt_json_trace(shown->a));
	json_object_set_new(document, "measured",
			    json_boolean(shown->a->model->measured.types));
	json_object_set_new(document, "collections", pmt_collections_json(shown->a));
	json_object_set_new(document, "totals", totals);
	json_object_set_new(document, "types", rows);
	return pmt_json_print(request->out, document);
}

static int print_csv(const struct pmt_report_request *request, const struct shown *shown)
{
	struct pmt_csv csv = {.out = request->out};

	pmt_csv_text(&csv, "module");
	pmt_csv_text(&csv, "type");
	for (unsigned key = 0; key < KEY_COUNT; key++)
		pmt_csv_text(&csv, members[key]);
	pmt_csv_text(&csv, "missed_count");
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < shown->count; i++) {
		const struct pmt_type_row *row =
		    &shown->a->model->types.rows[shown->order[i].index];

		pmt_csv_text(&csv, row->module);
		pmt_csv_text(&csv, row->name);
		for (unsigned key = 0; key < KEY_COUNT; key++)
			pmt_csv_integer(&csv, (int64_t)figure_of(&row->counts, key));
		pmt_csv_integer(&csv, (int64_t)row->counts.missed_count);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

static int run(const struct pmt_report_request *request)
{
	struct pmt_analysis a;
	struct shown shown = {.a = &a};
	int code = pmt_report_load_counts(request, &a);

	if (code != PMT_EXIT_OK)
		return code;
	code = rank(request, &shown);
	if (code != PMT_EXIT_OK)
		pmt_message_error("not enough memory for the types");
	else if (request->format == PMT_REPORT_JSON)
		code = print_json(request, &shown);
	else if (request->format == PMT_REPORT_CSV)
		code = print_csv(request, &shown);
	else
		code = print_text(request, &shown);
	free(shown.order);
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_types = {
    .name = "types",
    .summary = "objects by type: made, gone and live (mode=refs)",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV),
    .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER,
    .sort_keys = "live-bytes live-count new-count new-bytes deleted-count "
		 "deleted-bytes earlier-count",
    .run = run,
};
