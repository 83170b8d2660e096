/* Gathering the summary. */
#include "report/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/block_model.h"
#include "report/own_rows.h"
#include "report/ranking.h"
#include "report/threads.h"

static int fill_list(struct pmt_summary_list *list, const struct pmt_model *model,
		     struct pmt_function_row *rows, uint32_t count, uint32_t limit)
{
	int error = pmt_ranking_sort(rows, count, model, list->metric);

	list->model = model;
	if (error)
		return error;
	list->rows = calloc(limit + 1, sizeof(*list->rows));
	if (!list->rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && list->count < limit; i++) {
		if (list->metric->get(&rows[i].self, model->page_bytes) <= 0)
			break;
		list->rows[list->count++] = rows[i];
	}
	return 0;
}

static int fill_lists(struct pmt_summary *summary, const struct pmt_model *model,
		      uint32_t limit)
{
	static const struct {
		const char *member, *heading, *key;
	} kinds[PMT_SUMMARY_LISTS] = {
	    {"grew_rss", "grew RSS most and kept it", "rss-net"},
	    {"allocated", "allocated most", "allocated"},
	    {"kept", "kept most (allocated minus freed)", "net"},
	    {"objects", "made most Python objects", "objects"},
	};
	struct pmt_function_row *rows;
	uint32_t count;
	int error = pmt_function_table_new(model, &rows, &count);

	if (error)
		return error;
	for (unsigned i = 0; i < PMT_SUMMARY_LISTS && !error; i++) {
		struct pmt_summary_list *list = &summary->lists[i];

		list->member = kinds[i].member;
		list->heading = kinds[i].heading;
		list->metric = pmt_metric_find(kinds[i].key);
		list->is_unknown = i == 0 && pmt_model_is_of_blocks(model);
		error = fill_list(list, model, rows, count, limit);
		if (list->is_unknown)
			list->count = 0;
	}
	free(rows);
	return error;
}

/* Where single blocks are known, what was kept is not a difference but what is live. */
static int fill_retained(struct pmt_summary *summary, const struct pmt_analysis *a,
			 uint32_t limit)
{
	static const struct pmt_block_model_options options = {
	    .figure = PMT_BLOCKS_LEAKED, .spot = PMT_SPOT_LINE};
	struct pmt_summary_list *list = &summary->lists[PMT_SUMMARY_KEPT];
	struct pmt_own_rows own;
	struct pmt_function_row *rows;
	uint32_t count;
	int error;

	if (!a->model->measured.blocks)
		return 0;
	error = pmt_block_model_new(a, &options, &summary->blocks);
	if (!error)
		error = pmt_function_table_new(summary->blocks, &rows, &count);
	if (error)
		return error;
	free(list->rows);
	*list = (struct pmt_summary_list){
	    .member = "retained",
	    .heading = "retained most (lines, live at the end)",
	    .metric = pmt_metric_find("allocated"),
	    .is_retained = true,
	};
	count = pmt_own_rows_part(summary->blocks, rows, count, &own);
	for (uint32_t i = 0; i < own.count; i++)
		summary->own_bytes +=
		    pmt_share_rounded(own.rows[i].self.allocated_bytes,
				      own.rows[i].self.allocated_bytes_part);
	error = fill_list(list, summary->blocks, rows, count, limit);
	free(rows);
	return error;
}

/* Who held most when the heap was largest; no call of a trace of blocks says that. */
static int find_holder(struct pmt_summary *summary, const struct pmt_analysis *a)
{
	static const struct pmt_block_model_options options = {
	    .figure = PMT_BLOCKS_AT_PEAK, .spot = PMT_SPOT_FUNCTION};
	struct pmt_function_row *rows;
	struct pmt_model *model;
	uint32_t count;

	if (!summary->blocks)
		return 0;
	int error = pmt_block_model_new(a, &options, &model);
	if (error)
		return error;
	error = pmt_function_table_new(model, &rows, &count);
	for (uint32_t i = 0; !error && i < count; i++)
		if (rows[i].self.allocated_bytes >= summary->holder.self.allocated_bytes)
			summary->holder = rows[i];
	if (!error)
		free(rows);
	if (error || summary->holder.self.allocated_bytes == 0)
		pmt_block_model_free(model);
	else
		summary->at_peak = model;
	return error;
}

static uint32_t find_largest(const struct pmt_processes *processes)
{
	uint32_t found = PMT_PROCESS_NONE;

	for (uint32_t i = 0; i < processes->count; i++) {
		const struct pmt_process *p = &processes->items[i];

		if (p->has_samples &&
		    (found == PMT_PROCESS_NONE ||
		     p->peak_rss_bytes > processes->items[found].peak_rss_bytes))
			found = i;
	}
	return found;
}

int pmt_summary_new(const struct pmt_analysis *a, uint32_t rows,
		    struct pmt_summary *ret_summary)
{
	struct pmt_summary summary = {.largest_process = PMT_PROCESS_NONE};
	int error = fill_lists(&summary, a->model, rows);

	if (!error)
		error = fill_retained(&summary, a, rows);
	if (!error)
		error = find_holder(&summary, a);
	if (!error)
		error = pmt_processes_find(pmt_trace_path(a->trace), &summary.processes);
	if (!error)
		error = pmt_threads_order(a, &summary.threads, &summary.thread_count);
	if (error) {
		pmt_summary_free(&summary);
		return error;
	}
	summary.largest_process = find_largest(&summary.processes);
	*ret_summary = summary;
	return 0;
}

void pmt_summary_free(struct pmt_summary *summary)
{
	for (unsigned i = 0; i < PMT_SUMMARY_LISTS; i++)
		free(summary->lists[i].rows);
	if (summary->blocks)
		pmt_block_model_free(summary->blocks);
	if (summary->at_peak)
		pmt_block_model_free(summary->at_peak);
	pmt_processes_close(&summary->processes);
	free(summary->threads);
	*summary = (struct pmt_summary){0};
}
