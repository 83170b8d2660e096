/* The process in rows. */
#include "analysis/process_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/processes.h"

static void add_column(struct pmt_keyed_table *table, struct pmt_keyed_column column,
		       bool is_known)
{
	column.is_known = is_known;
	pmt_keyed_table_add_column(table, &column);
}

static void add_metrics(struct pmt_keyed_table *table, const struct pmt_model *model)
{
	for (size_t i = 0; i < pmt_metric_count; i++) {
		const struct pmt_metric *m = &pmt_metrics[i];

		add_column(table,
			   (struct pmt_keyed_column){.key = m->key,
						     .member = m->member,
						     .heading = m->heading,
						     .unit = m->unit},
			   m->is_measured(&model->measured));
	}
}

static void set_metrics(int64_t *values, const struct pmt_figures *figures,
			const struct pmt_model *model)
{
	for (size_t i = 0; i < pmt_metric_count; i++)
		values[i] = pmt_metrics[i].get(figures, model->page_bytes);
}

/* The table goes to the caller, or to nobody. */
static int end(struct pmt_keyed_table *table, int error,
	       struct pmt_keyed_table *ret_table)
{
	if (error)
		pmt_keyed_table_close(table);
	else
		*ret_table = *table;
	return error;
}

/* --- headline --- */

int pmt_process_table_headline(const struct pmt_analysis *a,
			       struct pmt_keyed_table *ret_table)
{
	const struct pmt_model *model = a->model;
	const struct pmt_peaks *peaks = &model->peaks;
	struct pmt_keyed_table table = {.count = 0};
	struct pmt_keyed_row row = {.name = "[process]", .parent = PMT_KEYED_NO_ROW};
	bool has_samples = model->counts.samples > 0;
	uint32_t at;

	add_column(&table,
		   (struct pmt_keyed_column){"peak-rss", "peak_rss_bytes", "peak RSS",
					     PMT_UNIT_BYTES, true},
		   peaks->rss.source != PMT_PEAK_NONE);
	add_column(&table,
		   (struct pmt_keyed_column){"peak-heap", "peak_heap_bytes", "peak heap",
					     PMT_UNIT_BYTES, true},
		   peaks->heap.source != PMT_PEAK_NONE);
	add_column(&table,
		   (struct pmt_keyed_column){"end-rss", "end_rss_bytes", "RSS at the end",
					     PMT_UNIT_BYTES, true},
		   has_samples);
	add_column(&table,
		   (struct pmt_keyed_column){"end-heap", "end_heap_bytes",
					     "heap at the end", PMT_UNIT_BYTES, true},
		   has_samples);
	add_column(&table,
		   (struct pmt_keyed_column){"duration", "duration_ns", "duration",
					     PMT_UNIT_TIME, true},
		   a->clock.known);
	add_column(&table,
		   (struct pmt_keyed_column){"threads", "threads", "threads",
					     PMT_UNIT_COUNT, true},
		   true);
	add_metrics(&table, model);
	int error = pmt_keyed_table_add(&table, &row, &at);
	if (!error) {
		const int64_t first[] = {
		    peaks->rss.bytes,
		    peaks->heap.bytes,
		    peaks->rss_end_bytes,
		    peaks->heap_end_bytes,
		    pmt_analysis_since_start_ns(a, model->last_tick),
		    (int64_t)pmt_streams_thread_count(&model->streams),
		};

		memcpy(table.figures, first, sizeof(first));
		set_metrics(table.figures + sizeof(first) / sizeof(*first),
			    &model->totals, model);
	}
	return end(&table, error, ret_table);
}

/* --- threads --- */

static const char *name_of(const struct pmt_analysis *a, uint32_t number)
{
	const struct pmt_thread_info *t = pmt_tables_thread(a->tables, number);

	if (number == 0)
		return "[threads without Python]";
	return t && t->defined && t->name && t->name[0] ? t->name
							: "[thread without a name]";
}

int pmt_process_table_threads(const struct pmt_analysis *a,
			      struct pmt_keyed_table *ret_table)
{
	const struct pmt_streams *streams = &a->model->streams;
	struct pmt_keyed_table table = {.count = 0};
	int error = 0;

	add_metrics(&table, a->model);
	for (uint32_t i = 0; !error && i < streams->count; i++) {
		const struct pmt_stream_state *s = &streams->items[i];
		struct pmt_keyed_row row = {.name = name_of(a, s->number),
					    .parent = PMT_KEYED_NO_ROW};
		uint32_t at;

		if (!pmt_streams_is_thread(s))
			continue;
		error = pmt_keyed_table_add(&table, &row, &at);
		if (!error)
			set_metrics(pmt_keyed_figures(&table, at), &s->totals, a->model);
	}
	return end(&table, error, ret_table);
}

/* --- processes --- */

static int add_process(struct pmt_keyed_table *table, const struct pmt_processes *family,
		       uint32_t i)
{
	const struct pmt_process *p = &family->items[i];
	const char *command = p->command ? p->command : p->exe ? p->exe : "";
	struct pmt_keyed_row row = {
	    .name = pmt_process_short_command(command),
	    /* Parents come first, so that rows have the numbers of processes. */
	    .parent =
		p->parent == PMT_PROCESS_NONE ? (uint32_t)PMT_KEYED_NO_ROW : p->parent,
	};
	uint32_t at;
	int error = pmt_keyed_table_add(table, &row, &at);

	if (error)
		return error;
	const int64_t values[] = {(int64_t)p->peak_rss_bytes, (int64_t)p->last_rss_bytes,
				  p->peak_heap_bytes, (int64_t)p->duration_ns, 1};
	memcpy(pmt_keyed_figures(table, at), values, sizeof(values));
	return 0;
}

int pmt_process_table_family(const struct pmt_analysis *a,
			     struct pmt_keyed_table *ret_table)
{
	static const struct pmt_keyed_column columns[] = {
	    {"peak-rss", "peak_rss_bytes", "peak RSS", PMT_UNIT_BYTES, true},
	    {"last-rss", "last_rss_bytes", "last RSS", PMT_UNIT_BYTES, true},
	    {"peak-heap", "peak_heap_bytes", "peak heap", PMT_UNIT_BYTES, true},
	    {"duration", "duration_ns", "lived", PMT_UNIT_TIME, true},
	    {"count", "count", "processes", PMT_UNIT_COUNT, true},
	};
	struct pmt_keyed_table table = {.count = 0};
	struct pmt_processes family;
	int error = pmt_processes_find(pmt_trace_path(a->trace), &family);

	if (error)
		return error;
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		pmt_keyed_table_add_column(&table, &columns[i]);
	for (uint32_t i = 0; !error && i < family.count; i++)
		error = add_process(&table, &family, i);
	pmt_processes_close(&family);
	return end(&table, error, ret_table);
}

/* --- moments --- */

static int add_moment(struct pmt_keyed_table *table, const struct pmt_analysis *a,
		      const char *name, uint64_t number, const struct pmt_mark *mark)
{
	struct pmt_keyed_row row = {
	    .name = name, .offset = number, .parent = PMT_KEYED_NO_ROW};
	uint32_t at;
	int error = pmt_keyed_table_add(table, &row, &at);

	if (error)
		return error;
	const int64_t values[] = {
	    pmt_pages_to_bytes(mark->rss_pages, a->model->page_bytes), mark->heap_bytes,
	    pmt_analysis_since_start_ns(a, mark->tick)};
	memcpy(pmt_keyed_figures(table, at), values, sizeof(values));
	return 0;
}

/* How many marks of that kind and text were there before. */
static uint64_t number_of(const struct pmt_marks *marks, uint32_t i)
{
	uint64_t number = 0;

	for (uint32_t k = 0; k < i; k++)
		number += marks->items[k].ext == marks->items[i].ext &&
			  strcmp(marks->items[k].text, marks->items[i].text) == 0;
	return number;
}

int pmt_process_table_moments(const struct pmt_analysis *a,
			      struct pmt_keyed_table *ret_table)
{
	const struct pmt_model *model = a->model;
	const struct pmt_marks *marks = &model->marks;
	struct pmt_keyed_table table = {.count = 0};
	char name[PMT_MARK_TEXT_BYTES + 16];
	int error = 0;

	add_column(&table,
		   (struct pmt_keyed_column){"rss", "rss_bytes", "RSS grown by",
					     PMT_UNIT_CHANGE, true},
		   model->measured.rss);
	add_column(&table,
		   (struct pmt_keyed_column){"heap", "heap_bytes", "heap grown by",
					     PMT_UNIT_CHANGE, true},
		   model->measured.mallocs);
	add_column(
	    &table,
	    (struct pmt_keyed_column){"time", "time_ns", "time", PMT_UNIT_TIME, true},
	    a->clock.known);
	for (uint32_t i = 0; !error && i < marks->count; i++) {
		const struct pmt_mark *mark = &marks->items[i];

		snprintf(name, sizeof(name), "%s%s",
			 mark->ext == PMT_EXT_REGION_BEGIN ? "begin of "
			 : mark->ext == PMT_EXT_REGION_END ? "end of "
							   : "",
			 mark->text);
		error = add_moment(&table, a, name, number_of(marks, i), mark);
	}
	struct pmt_mark last = {.tick = model->last_tick,
				.rss_pages = model->peaks.rss_now_pages,
				.heap_bytes = model->peaks.heap_now_bytes};
	if (!error)
		error = add_moment(&table, a, "[end]", 0, &last);
	return end(&table, error, ret_table);
}

/* --- fragmentation --- */

static int add_fragmentation(struct pmt_keyed_table *table, const struct pmt_analysis *a,
			     const char *name, const struct pmt_fragmentation_row *f)
{
	struct pmt_keyed_row row = {.name = name, .parent = PMT_KEYED_NO_ROW};
	uint32_t at;
	int error = f ? pmt_keyed_table_add(table, &row, &at) : 0;

	if (error || !f)
		return error;
	const int64_t values[] = {
	    pmt_fragmentation_rest(f),          (int64_t)f->rss_bytes,
	    (int64_t)pmt_fragmentation_live(f), (int64_t)f->mapped_bytes,
	    (int64_t)f->shared_bytes,           pmt_analysis_since_start_ns(a, f->tick),
	};
	memcpy(pmt_keyed_figures(table, at), values, sizeof(values));
	return 0;
}

int pmt_process_table_fragmentation(const struct pmt_analysis *a,
				    struct pmt_keyed_table *ret_table)
{
	static const struct pmt_keyed_column columns[] = {
	    {"rest", "rest_bytes", "resident and not live", PMT_UNIT_CHANGE, true},
	    {"rss", "rss_bytes", "RSS", PMT_UNIT_BYTES, true},
	    {"live", "live_bytes", "live", PMT_UNIT_BYTES, true},
	    {"mapped", "mapped_bytes", "mapped", PMT_UNIT_BYTES, true},
	    {"shared", "shared_bytes", "shared", PMT_UNIT_BYTES, true},
	    {"time", "time_ns", "time", PMT_UNIT_TIME, true},
	};
	const struct pmt_fragmentation *f = &a->model->fragmentation;
	struct pmt_keyed_table table = {.count = 0};

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		add_column(&table, columns[i],
			   a->model->measured.blocks && f->sample_count > 0);
	int error =
	    add_fragmentation(&table, a, "[most not live]", pmt_fragmentation_most(f));
	if (!error)
		error = add_fragmentation(&table, a, "[worst ratio]",
					  pmt_fragmentation_worst(f));
	return end(&table, error, ret_table);
}
