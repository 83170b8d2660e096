/*
 * {"trace": {...}, "info": {"file_bytes", "ticks_per_second", "ns_per_tick", "rss_bound",
 * "ring": {...}, "streams": [...], "facts": {...}, "problems": [...]}}
 */
#include "report/info_json.h"

#include <stdlib.h>

#include "report/facts.h"
#include "report/info_words.h"
#include "report/json.h"

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *ring_object(const struct pmt_trace *trace)
{
	const struct pmt_trace_ring *ring = pmt_trace_ring(trace);
	json_t *object = json_object();

	json_object_set_new(object, "state",
			    json_string(pmt_info_ring_name(ring->state)));
	json_object_set_new(object, "path", pmt_json_text(ring->path));
	json_object_set_new(object, "salvaged_bytes", integer(ring->bytes));
	return object;
}

static json_t *stream_object(const struct pmt_analysis *a, const struct pmt_stream *s)
{
	const struct pmt_thread_info *thread = pmt_tables_thread(a->tables, s->number);
	bool defined = thread && thread->defined;
	struct pmt_stream_state *state;
	json_t *object = json_object();

	json_object_set_new(object, "stream", integer(s->number));
	json_object_set_new(object, "thread",
			    defined ? pmt_json_text(thread->name) : json_null());
	json_object_set_new(object, "os_tid",
			    defined ? integer(thread->os_tid) : json_null());
	json_object_set_new(object, "rss_method",
			    defined ? json_string(pmt_rss_method_name(thread->rss_method))
				    : json_null());
	if (pmt_streams_get(&a->model->streams, s->number, &state) == 0)
		json_object_set_new(object, "events", integer(state->event_count));
	json_object_set_new(object, "chunks", integer(s->chunk_count));
	json_object_set_new(object, "record_bytes", integer(s->end_position));
	json_object_set_new(object, "stored_bytes", integer(s->stored_bytes));
	json_object_set_new(object, "ring_bytes", integer(s->ring_bytes));
	json_object_set_new(object, "missing_bytes", integer(s->missing_bytes));
	return object;
}

static json_t *streams_array(const struct pmt_analysis *a)
{
	json_t *array = json_array();

	for (size_t i = 0; i < pmt_trace_stream_count(a->trace); i++)
		json_array_append_new(array,
				      stream_object(a, pmt_trace_stream(a->trace, i)));
	return array;
}

/* Values with NULs inside (argv) become arrays. */
static json_t *fact_value(const struct pmt_info *info)
{
	size_t first = 0;
	json_t *array;

	while (first < info->value_bytes && info->value[first])
		first++;
	if (first == info->value_bytes)
		return pmt_json_text(info->value);
	array = json_array();
	for (size_t at = 0; at < info->value_bytes;) {
		json_array_append_new(array, pmt_json_text(info->value + at));
		while (at < info->value_bytes && info->value[at])
			at++;
		at++;
	}
	return array;
}

static json_t *facts_object(const struct pmt_tables *tables)
{
	json_t *object = json_object();

	for (size_t i = 0; i < pmt_tables_info_count(tables); i++) {
		const struct pmt_info *info = pmt_tables_info_at(tables, i);
		json_t *key = pmt_json_text(info->key); /* made valid UTF-8 */
		if (key)
			json_object_set_new(object, json_string_value(key),
					    fact_value(info));
		json_decref(key);
	}
	return object;
}

static json_t *problems_array(const struct pmt_trace *trace)
{
	json_t *array = json_array();
	const struct pmt_problem *p;

	for (size_t i = 0; (p = pmt_trace_problem(trace, i)) != NULL; i++) {
		json_t *object = json_object();
		json_object_set_new(object, "path", pmt_json_text(p->path));
		json_object_set_new(object, "offset", integer(p->offset));
		json_object_set_new(object, "bytes", integer(p->bytes));
		json_object_set_new(object, "text", pmt_json_text(p->text));
		json_array_append_new(array, object);
	}
	return array;
}

int pmt_info_json_print(const struct pmt_report_request *request,
			const struct pmt_analysis *a)
{
	const struct pmt_file_header *h = pmt_trace_header(a->trace);
	enum pmt_rss_method method = pmt_analysis_rss_method(a);
	json_t *info = json_object();
	json_t *document = json_object();

	json_object_set_new(info, "file_bytes", integer(pmt_trace_file_bytes(a->trace)));
	json_object_set_new(info, "generation", integer(h->generation));
	json_object_set_new(info, "page_bytes", integer(h->page_bytes));
	json_object_set_new(info, "ticks_per_second", integer(h->ticks_per_second));
	json_object_set_new(info, "ns_per_tick", json_real(a->clock.ns_per_tick));
	json_object_set_new(
	    info, "rss_bound",
	    json_string(pmt_info_rss_bound(method, pmt_facts_mode(a->tables))));
	json_object_set_new(info, "ring", ring_object(a->trace));
	json_object_set_new(info, "streams", streams_array(a));
	json_object_set_new(info, "facts", facts_object(a->tables));
	json_object_set_new(info, "problems", problems_array(a->trace));
	json_object_set_new(document, "trace", pmt_json_trace(a));
	json_object_set_new(document, "info", info);
	return pmt_json_print(request->out, document);
}
