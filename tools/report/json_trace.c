/* The meta object "trace" of every JSON document. */
#include <stdlib.h>

#include "report/facts.h"
#include "report/json.h"

static json_t *lost_by_cause(const struct pmt_losses *losses)
{
	json_t *lost = json_object();

	for (unsigned cause = 0; cause <= PMT_LOSS_COUNT; cause++)
		json_object_set_new(lost, pmt_loss_name(cause),
				    json_integer((json_int_t)losses->lost[cause]));
	return lost;
}

json_t *pmt_json_end(bool ended, enum pmt_end how, int64_t status)
{
	bool is_known = how != PMT_END_SIGNAL || status != 0;

	if (!ended)
		return json_null();
	return json_pack("{s:s, s:o}", "how", pmt_end_name(how), "status",
			 is_known ? json_integer(status) : json_null());
}

static json_t *number_of_info(const struct pmt_tables *tables, const char *key)
{
	const char *value = pmt_tables_info(tables, key);
	char *end;

	if (!value)
		return json_null();
	long long number = strtoll(value, &end, 10);
	return end != value && *end == '\0' ? json_integer(number) : pmt_json_text(value);
}

static void set_process(json_t *meta, const struct pmt_analysis *a)
{
	const struct pmt_file_header *header = pmt_trace_header(a->trace);
	char run_id[33];

	json_object_set_new(meta, "run_id",
			    json_string(pmt_facts_run_id(header, run_id)));
	json_object_set_new(meta, "pid", json_integer(header->pid));
	json_object_set_new(meta, "parent_pid", number_of_info(a->tables, "parent_pid"));
	json_object_set_new(meta, "argv", pmt_facts_argv(a->tables));
	json_object_set_new(meta, "exe",
			    pmt_json_text(pmt_tables_info(a->tables, "exe")));
	json_object_set_new(meta, "python_version",
			    pmt_json_text(pmt_tables_info(a->tables, "python_version")));
}

static void set_time(json_t *meta, const struct pmt_analysis *a)
{
	char text[32];
	const char *start =
	    pmt_facts_time(&a->clock, a->model->first_tick, text, sizeof(text));

	json_object_set_new(meta, "start", *start ? json_string(start) : json_null());
	json_object_set_new(
	    meta, "duration_ns",
	    json_integer(pmt_analysis_since_start_ns(a, a->model->last_tick)));
}

static json_t *time_or_null(const struct pmt_analysis *a, uint64_t tick)
{
	return tick ? json_integer(pmt_analysis_since_start_ns(a, tick)) : json_null();
}

static json_t *gaps_of(const struct pmt_analysis *a)
{
	const struct pmt_gaps *gaps = &a->model->gaps;
	json_t *array = json_array();

	for (uint32_t i = 0; i < gaps->kept_count; i++) {
		const struct pmt_gap *gap = &gaps->kept[i];

		json_array_append_new(
		    array, json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "stream",
				     (json_int_t)gap->stream, "position",
				     (json_int_t)gap->from_position, "bytes",
				     (json_int_t)gap->bytes, "from_ns",
				     time_or_null(a, gap->from_tick), "to_ns",
				     time_or_null(a, gap->to_tick), "events",
				     gap->is_count_known
					 ? json_integer((json_int_t)gap->event_count)
					 : json_null()));
	}
	return array;
}

static void set_truth(json_t *meta, const struct pmt_analysis *a)
{
	const struct pmt_losses *l = &a->losses;

	json_object_set_new(meta, "complete", json_boolean(l->complete));
	json_object_set_new(meta, "running", json_boolean(l->running));
	json_object_set_new(meta, "end", pmt_json_end(l->ended, l->how, l->status));
	json_object_set_new(meta, "lost", lost_by_cause(l));
	json_object_set_new(meta, "missing_bytes",
			    json_integer((json_int_t)l->missing_bytes));
	json_object_set_new(meta, "gaps", gaps_of(a));
	json_object_set_new(meta, "damaged_places",
			    json_integer((json_int_t)l->problem_count));
	json_object_set_new(meta, "folded_calls",
			    a->model->options.counts_only
				? json_null()
				: json_integer((json_int_t)l->folded_count));
	json_object_set_new(meta, "skipped_events",
			    json_integer((json_int_t)a->model->counts.skipped));
	json_object_set_new(meta, "pauses", json_integer((json_int_t)l->pause_count));
	if (a->model->sample_mean_bytes)
		json_object_set_new(meta, "sampling",
				    json_pack("{s:I, s:I}", "mean_bytes",
					      (json_int_t)a->model->sample_mean_bytes,
					      "samples",
					      (json_int_t)a->model->counts.allocs));
	if (a->model->summed_since_tick)
		json_object_set_new(meta, "summed_since_ns",
				    json_integer(pmt_analysis_since_start_ns(
					a, a->model->summed_since_tick)));
}

json_t *pmt_json_trace(const struct pmt_analysis *a)
{
	const struct pmt_file_header *header = pmt_trace_header(a->trace);
	json_t *meta = json_object();

	json_object_set_new(meta, "path", pmt_json_text(pmt_trace_path(a->trace)));
	json_object_set_new(meta, "version", json_integer(header->version));
	json_object_set_new(meta, "tracer_version",
			    pmt_json_text(pmt_tables_info(a->tables, "version")));
	json_object_set_new(meta, "mode", pmt_json_text(pmt_facts_mode(a->tables)));
	json_object_set_new(meta, "rss_method",
			    json_string(pmt_rss_method_name(pmt_analysis_rss_method(a))));
	set_process(meta, a);
	set_time(meta, a);
	json_object_set_new(meta, "events",
			    json_integer((json_int_t)a->model->counts.events));
	json_object_set_new(meta, "samples",
			    json_integer((json_int_t)a->model->counts.samples));
	set_truth(meta, a);
	return meta;
}
