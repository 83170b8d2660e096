/* Sizes as text: a bar for each class, and the largest classes of each spot. */
#include "cli/exit_code.h"
#include "cli/paint.h"
#include "report/block_facts.h"
#include "report/label.h"
#include "report/sizes_print.h"

enum {
	FIGURE_COLUMNS = 11,
	EXACT_COLUMNS = 16,
	FIGURES = 4,
	NAME_COLUMNS = 20, /* "256 KiB to <512 KiB" and a gap */
	BAR_COLUMNS_MAX = 40,
	LABEL_COLUMNS_MIN = 24,
};

/* Of a spot's blocks or bytes: smaller rows are left out of the text. */
static const double row_share_min = 0.1;

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

static void print_spot(const struct pmt_sizes_shown *s, const struct pmt_sizes_spot *spot)
{
	const struct pmt_report_request *request = s->request;
	double blocks = (double)pmt_held_count(&spot->sum.allocated);
	double bytes = (double)spot->sum.requested_bytes;

	fputc('\n', request->out);
	print_figures(request, &spot->sum);
	pmt_label_print(request, pmt_sizes_function(s, spot->from),
			label_columns(request));
	fputc('\n', request->out);
	for (uint32_t i = spot->from; i < spot->to; i++) {
		const struct pmt_size_row *row = &s->sizes.rows[i];

		if ((double)pmt_held_count(&row->figures.allocated) >=
			blocks * row_share_min ||
		    (double)row->figures.requested_bytes >= bytes * row_share_min)
			print_row(request, row, 0, "  ");
	}
}

int pmt_sizes_print_text(const struct pmt_sizes_shown *s)
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
