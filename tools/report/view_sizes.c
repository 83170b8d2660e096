/* The view "sizes": how large the blocks are that were asked for, of all together and of
 * the functions that asked for most. */
#include <inttypes.h>
#include <stdlib.h>

#include "analysis/sizes.h"
#include "cli/exit_code.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/block_print.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/label.h"
#include "report/load.h"
#include "report/order.h"
#include "report/ranking.h"
#include "report/view.h"

enum {
	SPOTS_DEFAULT = 5, /* in text */
	FIGURE_COLUMNS = 11,
	EXACT_COLUMNS = 16,
	FIGURES = 4,
	NAME_COLUMNS = 20, /* "256 KiB to <512 KiB" and a gap */
	BAR_COLUMNS_MAX = 40,
	LABEL_COLUMNS_MIN = 24,
};

/* Of a spot's blocks or bytes: smaller rows are left out of the text. */
static const double row_share_min = 0.1;

/* Rows of one spot, and what they are together. */
struct spot {
	uint32_t from, to;
	struct pmt_size_figures sum;
};

struct shown {
	const struct pmt_report_request *request;
	const struct pmt_analysis *a;
	struct pmt_sizes sizes;
	uint32_t all;       /* rows of all together: the first */
	struct spot *spots; /* the others, in the order that is shown */
	uint32_t count;
	uint32_t matched;
};

static const struct pmt_function *function_of(const struct shown *s, uint32_t row)
{
	return &s->sizes.model->functions.items[s->sizes.rows[row].spot];
}

static int64_t key_of(const char *sort, const struct pmt_size_figures *f)
{
	if (sort && sort[0] == 'c')
		return (int64_t)pmt_held_count(&f->allocated);
	if (sort && sort[0] == 'l')
		return (int64_t)pmt_held_bytes(&f->live);
	if (sort && sort[0] == 't')
		return (int64_t)pmt_held_count(&f->temporary);
	return (int64_t)f->requested_bytes;
}

static uint32_t end_of_spot(const struct pmt_sizes *sizes, uint32_t from)
{
	uint32_t to = from;

	while (to < sizes->count && sizes->rows[to].spot == sizes->rows[from].spot)
		to++;
	return to;
}

/* The spots that are shown, the largest first. 0 or -1: no memory. */
static int rank(struct shown *s)
{
	const struct pmt_report_request *request = s->request;
	const struct pmt_sizes *sizes = &s->sizes;
	struct pmt_order *order = calloc(sizes->count + 1u, sizeof(*order));
	uint64_t limit = request->limit_count                 ? request->limit_count
			 : request->format == PMT_REPORT_TEXT ? SPOTS_DEFAULT
							      : UINT32_MAX;

	s->spots = calloc(sizes->count + 1u, sizeof(*s->spots));
	if (!order || !s->spots) {
		free(order);
		return -1;
	}
	if (sizes->count > 0 && sizes->rows[0].spot == PMT_FUNCTION_ALL)
		s->all = end_of_spot(sizes, 0);
	for (uint32_t i = s->all; i < sizes->count; i = end_of_spot(sizes, i)) {
		struct pmt_size_figures sum =
		    pmt_sizes_sum(sizes, i, end_of_spot(sizes, i));

		if (!request->filter ||
		    pmt_ranking_matches(function_of(s, i), request->filter))
			order[s->matched++] =
			    (struct pmt_order){key_of(request->sort, &sum), i};
	}
	pmt_order_sort(order, s->matched, request->sort_descends);
	s->count = limit < s->matched ? (uint32_t)limit : s->matched;
	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t from = order[i].index, to = end_of_spot(sizes, from);

		s->spots[i] = (struct spot){from, to, pmt_sizes_sum(sizes, from, to)};
	}
	free(order);
	return 0;
}

/* --- text --- */

static unsigned figure_columns(const struct pmt_report_request *request)
{
	return request->exact_bytes ? EXACT_COLUMNS : FIGURE_COLUMNS;
}

/* As many as leave room for a label. */
static unsigned figure_count(const struct pmt_report_request *request)
{
	unsigned room = request->width_columns > LABEL_COLUMNS_MIN
			    ? request->width_columns - LABEL_COLUMNS_MIN
			    : 0;
	unsigned count = room / figure_columns(request);

	return count > FIGURES ? FIGURES : count ? count : 1;
}

static unsigned label_columns(const struct pmt_report_request *request)
{
	unsigned used = figure_count(request) * figure_columns(request) + 2;

	return request->width_columns > used + 8 ? request->width_columns - used : 8;
}

static void print_figures(const struct pmt_report_request *request,
			  const struct pmt_size_figures *f)
{
	char texts[FIGURES][PMT_FIGURE_BYTES];
	double count = (double)pmt_held_count(&f->allocated);

	pmt_figure_count(texts[0], pmt_held_count(&f->allocated), request->exact_bytes);
	pmt_figure_bytes(texts[1], f->requested_bytes, request->exact_bytes);
	pmt_figure_bytes(texts[2], pmt_held_bytes(&f->live), request->exact_bytes);
	pmt_figure_share(texts[3],
			 count > 0 ? (double)pmt_held_count(&f->temporary) / count : 0);
	for (unsigned i = 0; i < figure_count(request); i++)
		fprintf(request->out, "%*s", (int)figure_columns(request), texts[i]);
	fputs("  ", request->out);
}

static void print_headings(const struct pmt_report_request *request)
{
	static const char *const heads[FIGURES] = {"blocks", "asked for", "live",
						   "temporary"};

	fputs(pmt_paint(request->color, PMT_PAINT_TITLE), request->out);
	for (unsigned i = 0; i < figure_count(request); i++)
		fprintf(request->out, "%*s", (int)figure_columns(request), heads[i]);
	fprintf(request->out, "  size asked for%s\n",
		pmt_paint(request->color, PMT_PAINT_NONE));
}

/* The size of a row, and a bar of its part of the blocks. */
static void print_row(const struct pmt_report_request *request,
		      const struct pmt_size_row *row, uint64_t most, const char *indent)
{
	const char *bar = request->ascii ? "#" : "\xe2\x96\x88";
	unsigned columns = label_columns(request);
	unsigned room = columns > NAME_COLUMNS ? columns - NAME_COLUMNS : 0;
	char name[PMT_SIZE_NAME_BYTES];

	if (room > BAR_COLUMNS_MAX)
		room = BAR_COLUMNS_MAX;
	double part =
	    most ? (double)pmt_held_count(&row->figures.allocated) / (double)most : 0;
	unsigned filled = (unsigned)(part * room + 0.5);
	pmt_size_class_name(name, row->size_class);
	print_figures(request, &row->figures);
	fprintf(request->out, "%s", indent);
	if (filled > 0 && !*indent) {
		fprintf(request->out, "%-*s", NAME_COLUMNS, name);
		while (filled-- > 0)
			fputs(bar, request->out);
	} else {
		fputs(name, request->out);
	}
	fputc('\n', request->out);
}

static void print_spot(const struct shown *s, const struct spot *spot)
{
	const struct pmt_report_request *request = s->request;
	double blocks = (double)pmt_held_count(&spot->sum.allocated);
	double bytes = (double)spot->sum.requested_bytes;

	fputc('\n', request->out);
	print_figures(request, &spot->sum);
	pmt_label_print(request, function_of(s, spot->from), label_columns(request));
	fputc('\n', request->out);
	for (uint32_t i = spot->from; i < spot->to; i++) {
		const struct pmt_size_row *row = &s->sizes.rows[i];

		if ((double)pmt_held_count(&row->figures.allocated) >=
			blocks * row_share_min ||
		    (double)row->figures.requested_bytes >= bytes * row_share_min)
			print_row(request, row, 0, "  ");
	}
}

static int print_text(const struct shown *s)
{
	const struct pmt_report_request *request = s->request;
	struct pmt_size_figures sum = pmt_sizes_sum(&s->sizes, 0, s->all);
	char bytes[PMT_FIGURE_BYTES], count[PMT_FIGURE_BYTES];
	uint64_t most = 0;

	for (uint32_t i = 0; i < s->all; i++)
		if (pmt_held_count(&s->sizes.rows[i].figures.allocated) > most)
			most = pmt_held_count(&s->sizes.rows[i].figures.allocated);
	if (s->a->model->measured.blocks) {
		fprintf(
		    request->out, "%s asked for in %s blocks\n\n",
		    pmt_figure_bytes(bytes, sum.requested_bytes, request->exact_bytes),
		    pmt_figure_count(count, pmt_held_count(&sum.allocated), false));
		print_headings(request);
	}
	for (uint32_t i = 0; i < s->all; i++)
		print_row(request, &s->sizes.rows[i], most, "");
	for (uint32_t i = 0; i < s->count; i++)
		print_spot(s, &s->spots[i]);
	if (s->matched > s->count)
		fprintf(request->out, "%s%u of %u; --limit=all shows all%s\n",
			pmt_paint(request->color, PMT_PAINT_DIM), s->count, s->matched,
			pmt_paint(request->color, PMT_PAINT_NONE));
	pmt_block_print_foot(request, s->a);
	return PMT_EXIT_OK;
}

/* --- data --- */

enum { DATA_FIGURES = 7 };

static const char *const members[DATA_FIGURES] = {
    "allocated_count", "requested_bytes", "allocated_bytes", "live_count",
    "live_bytes",      "temporary_count", "temporary_bytes"};

static void data_of(const struct pmt_size_figures *f, int64_t data[DATA_FIGURES])
{
	const uint64_t figures[DATA_FIGURES] = {
	    pmt_held_count(&f->allocated), f->requested_bytes,
	    pmt_held_bytes(&f->allocated), pmt_held_count(&f->live),
	    pmt_held_bytes(&f->live),      pmt_held_count(&f->temporary),
	    pmt_held_bytes(&f->temporary)};

	for (unsigned i = 0; i < DATA_FIGURES; i++)
		data[i] = (int64_t)figures[i];
}

/* The smallest size of the class, and the largest. */
static int64_t size_from(unsigned size_class)
{
	return size_class ? (int64_t)((uint64_t)1 << (size_class - 1)) : 0;
}

static int64_t size_to(unsigned size_class)
{
	return size_class > 62 ? INT64_MAX : ((int64_t)1 << size_class) - 1;
}

static json_t *rows_json(const struct pmt_sizes *sizes, uint32_t from, uint32_t to)
{
	json_t *rows = json_array();

	for (uint32_t i = from; i < to; i++) {
		const struct pmt_size_row *row = &sizes->rows[i];
		json_t *object = json_object();
		int64_t data[DATA_FIGURES];

		data_of(&row->figures, data);
		json_object_set_new(object, "from_bytes",
				    json_integer(size_from(row->size_class)));
		json_object_set_new(object, "to_bytes",
				    json_integer(size_to(row->size_class)));
		for (unsigned k = 0; k < DATA_FIGURES; k++)
			json_object_set_new(object, members[k], json_integer(data[k]));
		json_array_append_new(rows, object);
	}
	return rows;
}

static int print_json(const struct shown *s)
{
	json_t *document = json_object(), *spots = json_array();

	for (uint32_t i = 0; i < s->count; i++) {
		const struct spot *spot = &s->spots[i];
		json_t *object = json_object();

		pmt_json_set_function(object, s->sizes.model,
				      s->sizes.rows[spot->from].spot);
		json_object_set_new(object, "sizes",
				    rows_json(&s->sizes, spot->from, spot->to));
		json_array_append_new(spots, object);
	}
	json_object_set_new(document, "trace", pmt_json_trace(s->a));
	json_object_set_new(document, "blocks", pmt_block_json(s->a));
	json_object_set_new(document, "sizes", rows_json(&s->sizes, 0, s->all));
	json_object_set_new(document, "functions", spots);
	return pmt_json_print(s->request->out, document);
}

static void print_csv_rows(struct pmt_csv *csv, const struct shown *s, uint32_t from,
			   uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		const struct pmt_size_row *row = &s->sizes.rows[i];
		int64_t data[DATA_FIGURES];

		data_of(&row->figures, data);
		pmt_csv_function(csv, s->sizes.model, row->spot);
		pmt_csv_integer(csv, size_from(row->size_class));
		pmt_csv_integer(csv, size_to(row->size_class));
		for (unsigned k = 0; k < DATA_FIGURES; k++)
			pmt_csv_integer(csv, data[k]);
		pmt_csv_end_row(csv);
	}
}

static int print_csv(const struct shown *s)
{
	static const char *const heads[] = {"function", "file", "line", "from_bytes",
					    "to_bytes"};
	struct pmt_csv csv = {.out = s->request->out};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		pmt_csv_text(&csv, heads[i]);
	for (unsigned k = 0; k < DATA_FIGURES; k++)
		pmt_csv_text(&csv, members[k]);
	pmt_csv_end_row(&csv);
	print_csv_rows(&csv, s, 0, s->all);
	for (uint32_t i = 0; i < s->count; i++)
		print_csv_rows(&csv, s, s->spots[i].from, s->spots[i].to);
	return PMT_EXIT_OK;
}

static int print(struct shown *s)
{
	if (rank(s) != 0) {
		pmt_message_error("not enough memory for the table");
		return PMT_EXIT_UNREADABLE;
	}
	switch (s->request->format) {
	case PMT_REPORT_JSON:
		return print_json(s);
	case PMT_REPORT_CSV:
		return print_csv(s);
	default:
		return print_text(s);
	}
}

static int show(const struct pmt_report_request *request, const struct pmt_analysis *a)
{
	struct pmt_block_model_options options = {.spot = PMT_SPOT_FUNCTION,
						  .thread = request->thread};
	struct shown s = {.request = request, .a = a};

	if (request->by != PMT_BY_VIEW)
		options.spot = pmt_block_spot(request);
	if (request->by == PMT_BY_STACK || request->by == PMT_BY_SIZE) {
		pmt_message_error("--by: sizes are by line, function, file or thread");
		return PMT_EXIT_USAGE;
	}
	if (!pmt_block_check_stream(request, &a->model->block_history, "sizes") ||
	    !pmt_block_check_marks(request, &a->model->block_history))
		return PMT_EXIT_USAGE;
	if (pmt_sizes_new(a, &options, &s.sizes) != 0) {
		pmt_message_error("not enough memory for the sizes");
		return PMT_EXIT_UNREADABLE;
	}
	int code = print(&s);
	free(s.spots);
	pmt_sizes_free(&s.sizes);
	return code;
}

static int run(const struct pmt_report_request *request)
{
	struct pmt_report_request apart = *request;
	struct pmt_analysis a;

	apart.by = PMT_BY_SIZE;
	int code = pmt_report_load_blocks(&apart, &a);

	if (code != PMT_EXIT_OK)
		return code;
	code = show(request, &a);
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_sizes = {
    .name = "sizes",
    .summary = "how large the blocks are that functions ask for (mode=allocs)",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV),
    .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD |
	       PMT_TAKES_MARKS | PMT_TAKES_BY | PMT_TAKES_WITHIN,
    .sort_keys = "bytes count live temporary",
    .run = run,
};
