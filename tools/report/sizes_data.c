/* Sizes as JSON and CSV. */
#include "cli/exit_code.h"
#include "report/block_facts.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/sizes_print.h"

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

int pmt_sizes_print_json(const struct pmt_sizes_shown *s)
{
	json_t *document = json_object(), *spots = json_array();

	for (uint32_t i = 0; i < s->count; i++) {
		const struct pmt_sizes_spot *spot = &s->spots[i];
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

static void print_csv_rows(struct pmt_csv *csv, const struct pmt_sizes_shown *s,
			   uint32_t from, uint32_t to)
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

int pmt_sizes_print_csv(const struct pmt_sizes_shown *s)
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
