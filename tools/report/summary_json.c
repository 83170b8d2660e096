/* The summary as a document. */
#include "report/collections.h"
#include "report/json.h"
#include "report/summary.h"

static const char *source_name(enum pmt_peak_source source)
{
	switch (source) {
	case PMT_PEAK_EVENT:
		return "event";
	case PMT_PEAK_SAMPLE:
		return "sample";
	case PMT_PEAK_KERNEL:
		return "kernel";
	case PMT_PEAK_NONE:
		break;
	}
	return "none";
}

static json_t *moment_object(const struct pmt_analysis *a,
			     const struct pmt_moment *moment)
{
	json_t *o = json_object();

	json_object_set_new(o, "time_ns",
			    json_integer(pmt_analysis_since_start_ns(a, moment->tick)));
	json_object_set_new(
	    o, "stream", moment->node_known ? json_integer(moment->stream) : json_null());
	json_object_set_new(o, "path",
			    moment->node_known ? pmt_json_path(a->model, moment->node)
					       : json_null());
	return o;
}

/* The most that was live at once, where single blocks are known, and who held most. */
static json_t *live_object(const struct pmt_analysis *a,
			   const struct pmt_summary *summary)
{
	const struct pmt_place_moment_state *peak =
	    &a->model->block_history.set.places.moments[PMT_MOMENT_HEAP];
	const struct pmt_function_row *row = &summary->holder;
	json_t *o, *holder;

	if (!summary->at_peak)
		return json_null();
	holder = json_object();
	pmt_json_set_function(holder, summary->at_peak, row->function);
	json_object_set_new(holder, "peak_bytes",
			    json_integer((json_int_t)row->self.allocated_bytes));
	json_object_set_new(holder, "peak_count",
			    json_integer((json_int_t)row->self.allocated_count));
	o = json_object();
	json_object_set_new(o, "bytes", json_integer((json_int_t)peak->heap.bytes));
	json_object_set_new(o, "count", json_integer((json_int_t)peak->heap.count));
	json_object_set_new(o, "time_ns",
			    json_integer(pmt_analysis_since_start_ns(a, peak->tick)));
	json_object_set_new(o, "holder", holder);
	return o;
}

static json_t *peak_object(const struct pmt_analysis *a, const struct pmt_peak *peak)
{
	if (peak->source == PMT_PEAK_NONE)
		return json_null();
	return json_pack("{s:I, s:s, s:I, s:o, s:o}", "bytes", (json_int_t)peak->bytes,
			 "source", source_name(peak->source), "from_ns",
			 (json_int_t)pmt_analysis_since_start_ns(a, peak->from_tick),
			 "at", moment_object(a, &peak->at), "reached",
			 moment_object(a, &peak->reached));
}

static json_t *retained_row(const struct pmt_model *model,
			    const struct pmt_function_row *row)
{
	json_t *object = json_object();

	pmt_json_set_function(object, model, row->function);
	json_object_set_new(
	    object, "retained_bytes",
	    json_integer((json_int_t)pmt_share_rounded(row->self.allocated_bytes,
						       row->self.allocated_bytes_part)));
	json_object_set_new(
	    object, "retained_count",
	    json_integer((json_int_t)pmt_share_rounded(row->self.allocated_count,
						       row->self.allocated_count_part)));
	return object;
}

static json_t *list_array(const struct pmt_summary_list *list)
{
	json_t *array;

	if (list->is_unknown || !list->metric->is_measured(&list->model->measured))
		return json_null();
	array = json_array();
	for (uint32_t i = 0; i < list->count; i++)
		json_array_append_new(
		    array, list->is_retained
			       ? retained_row(list->model, &list->rows[i])
			       : pmt_json_function_row(list->model, &list->rows[i]));
	return array;
}

static json_t *largest_object(const struct pmt_summary *summary)
{
	if (summary->largest_process == PMT_PROCESS_NONE)
		return json_null();
	const struct pmt_process *p = &summary->processes.items[summary->largest_process];
	return json_pack("{s:I, s:o, s:I}", "pid", (json_int_t)p->pid, "path",
			 pmt_json_text(p->path), "peak_rss_bytes",
			 (json_int_t)p->peak_rss_bytes);
}

int pmt_summary_print_json(const struct pmt_report_request *request,
			   const struct pmt_analysis *a,
			   const struct pmt_summary *summary)
{
	const struct pmt_model *model = a->model;
	json_t *o = json_object();
	bool sampled = model->counts.samples > 0;

	json_object_set_new(o, "peak_rss", peak_object(a, &model->peaks.rss));
	json_object_set_new(o, "peak_heap", peak_object(a, &model->peaks.heap));
	json_object_set_new(o, "peak_live", live_object(a, summary));
	json_object_set_new(o, "end_rss_bytes",
			    sampled ? json_integer(model->peaks.rss_end_bytes)
				    : json_null());
	json_object_set_new(o, "end_heap_bytes",
			    sampled ? json_integer(model->peaks.heap_end_bytes)
				    : json_null());
	json_object_set_new(o, "totals", pmt_json_part(&model->totals, model));
	for (unsigned i = 0; i < PMT_SUMMARY_LISTS; i++)
		json_object_set_new(o, summary->lists[i].member,
				    list_array(&summary->lists[i]));
	if (summary->blocks)
		json_object_set_new(o, "retained_python_own_bytes",
				    json_integer((json_int_t)summary->own_bytes));
	json_object_set_new(o, "collections", pmt_collections_json(a));
	json_object_set_new(o, "threads", json_integer(summary->thread_count));
	json_object_set_new(o, "processes", json_integer(summary->processes.count));
	json_object_set_new(o, "largest_process", largest_object(summary));
	return pmt_json_print(request->out, json_pack("{s:o, s:o}", "trace",
						      pmt_json_trace(a), "summary", o));
}
