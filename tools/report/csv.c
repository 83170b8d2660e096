/* CSV cells. */
#include "report/csv.h"

#include <inttypes.h>
#include <string.h>

#include "report/metric.h"

static void begin_cell(struct pmt_csv *csv)
{
	if (csv->row_begun)
		fputc(',', csv->out);
	csv->row_begun = true;
}

void pmt_csv_empty(struct pmt_csv *csv)
{
	begin_cell(csv);
}

void pmt_csv_text(struct pmt_csv *csv, const char *text)
{
	begin_cell(csv);
	if (!text)
		return;
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, csv->out);
		return;
	}
	fputc('"', csv->out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', csv->out);
		fputc(*text, csv->out);
	}
	fputc('"', csv->out);
}

void pmt_csv_integer(struct pmt_csv *csv, int64_t value)
{
	begin_cell(csv);
	fprintf(csv->out, "%" PRId64, value);
}

void pmt_csv_integer_if(struct pmt_csv *csv, bool known, int64_t value)
{
	if (known)
		pmt_csv_integer(csv, value);
	else
		pmt_csv_empty(csv);
}

void pmt_csv_end_row(struct pmt_csv *csv)
{
	fputc('\n', csv->out);
	csv->row_begun = false;
}

void pmt_csv_function(struct pmt_csv *csv, const struct pmt_model *model,
		      uint32_t function)
{
	const struct pmt_function *f = &model->functions.items[function];

	pmt_csv_text(csv, f->name);
	pmt_csv_text(csv, f->file);
	if (f->first_line)
		pmt_csv_integer(csv, (int64_t)f->first_line);
	else
		pmt_csv_empty(csv);
}

void pmt_csv_calls(struct pmt_csv *csv, const struct pmt_figures *figures,
		   const struct pmt_model *model, uint32_t function)
{
	if (pmt_functions_have_calls(&model->functions, function) &&
	    model->measured.calls)
		pmt_csv_integer(csv, (int64_t)figures->call_count);
	else
		pmt_csv_empty(csv);
}

void pmt_csv_part(struct pmt_csv *csv, const struct pmt_figures *figures,
		  const struct pmt_model *model)
{
	for (size_t i = 0; i < pmt_metric_count; i++) {
		const struct pmt_metric *metric = &pmt_metrics[i];

		if (!metric->in_parts)
			continue;
		if (metric->is_measured(&model->measured))
			pmt_csv_integer(csv, metric->get(figures, model->page_bytes));
		else
			pmt_csv_empty(csv);
	}
}

void pmt_csv_inclusive(struct pmt_csv *csv, const struct pmt_figures *figures,
		       const struct pmt_model *model)
{
	if (model->measured.paths) {
		pmt_csv_part(csv, figures, model);
		return;
	}
	for (size_t i = 0; i < pmt_metric_count; i++) {
		if (pmt_metrics[i].in_parts)
			pmt_csv_empty(csv);
	}
}

void pmt_csv_part_header(struct pmt_csv *csv, const char *prefix)
{
	char name[64];

	for (size_t i = 0; i < pmt_metric_count; i++) {
		if (!pmt_metrics[i].in_parts)
			continue;
		snprintf(name, sizeof(name), "%s%s", prefix, pmt_metrics[i].member);
		pmt_csv_text(csv, name);
	}
}
