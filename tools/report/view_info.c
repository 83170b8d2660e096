/*
 * The view "info": what is known about the trace itself. Where it comes from, how it was
 * measured and how exactly, what it consists of, what is missing, and everything the
 * tracer told about its process.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/processes.h"
#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/paint.h"
#include "cli/wrap.h"
#include "report/facts.h"
#include "report/info_json.h"
#include "report/info_words.h"
#include "report/label.h"
#include "report/load.h"
#include "report/threads.h"
#include "report/truth.h"
#include "report/view.h"

enum { KEY_COLUMNS = 12, KEY_COLUMNS_MAX = 40, VALUE_BYTES = 4096 };

static void print_key(const struct pmt_report_request *request, const char *key)
{
	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	unsigned used = pmt_label_print_text(request, key, KEY_COLUMNS_MAX);
	fprintf(request->out, "%s%*s ", pmt_paint(request->color, PMT_PAINT_NONE),
		used < KEY_COLUMNS ? (int)(KEY_COLUMNS - used) : 0, "");
}

static unsigned value_columns(const struct pmt_report_request *request)
{
	unsigned width = request->width_columns;

	return width > KEY_COLUMNS + 20 ? width - KEY_COLUMNS - 1 : 20;
}

/* A value from the trace: made harmless, cut to the line. */
static void print_value(const struct pmt_report_request *request, const char *key,
			const char *value)
{
	print_key(request, key);
	pmt_label_print_text(request, value, value_columns(request));
	fputc('\n', request->out);
}

static void print_words(const struct pmt_report_request *request, const char *key,
			const char *words)
{
	char first[KEY_COLUMNS + 8];

	snprintf(first, sizeof(first), "%-*s ", KEY_COLUMNS, key);
	pmt_wrap_print(request->out, first, words, request->width_columns);
}

static void print_file(const struct pmt_report_request *request,
		       const struct pmt_analysis *a)
{
	char size[PMT_FIGURE_BYTES], words[VALUE_BYTES], run_id[33];
	const struct pmt_file_header *h = pmt_trace_header(a->trace);
	const char *version = pmt_tables_info(a->tables, "version");

	print_value(request, "trace", pmt_trace_path(a->trace));
	snprintf(
	    words, sizeof(words), "%s, format %u%s%s",
	    pmt_figure_bytes(size, pmt_trace_file_bytes(a->trace), request->exact_bytes),
	    h->version, version ? ", written by pymemtrace " : "",
	    version ? version : "");
	print_value(request, "", words);
	print_value(request, "run", pmt_facts_run_id(h, run_id));
	pmt_info_ring_words(a->trace, words, sizeof(words));
	print_words(request, "ring", words);
}

static void print_process(const struct pmt_report_request *request,
			  const struct pmt_analysis *a)
{
	char words[VALUE_BYTES], end[64], time[PMT_FIGURE_BYTES];
	const struct pmt_file_header *h = pmt_trace_header(a->trace);
	const char *parent = pmt_tables_info(a->tables, "parent_pid");

	print_value(request, "command",
		    pmt_facts_command(a->tables, words, sizeof(words)));
	snprintf(words, sizeof(words), "pid %" PRIu32 "%s%s, generation %" PRIu32, h->pid,
		 parent ? ", parent " : "", parent ? parent : "", h->generation);
	print_value(request, "process", words);
	pmt_facts_time(&a->clock, a->model->first_tick, words, sizeof(words));
	print_value(request, "started", words[0] ? words : "unknown");
	snprintf(words, sizeof(words), "%s, after %s",
		 pmt_facts_end(&a->losses, end, sizeof(end)),
		 pmt_figure_duration(
		     time, pmt_analysis_since_start_ns(a, a->model->last_tick)));
	print_value(request, "ended", words);
}

/* Threads choose theirs one by one: a line for each method, its threads counted where
 * there are several. */
static void print_rss_methods(const struct pmt_report_request *request,
			      const struct pmt_analysis *a)
{
	enum pmt_rss_method worst = pmt_analysis_rss_method(a);
	size_t counts[PMT_RSS_EACH + 1] = {0}, total = 0;
	char words[VALUE_BYTES];

	for (size_t i = 0; i < pmt_tables_thread_count(a->tables); i++) {
		const struct pmt_thread_info *t = pmt_tables_thread_at(a->tables, i);

		if (!t->defined || t->rss_method > PMT_RSS_EACH)
			continue;
		counts[t->rss_method]++;
		total++;
	}
	for (unsigned m = worst == PMT_RSS_OFF ? 0 : 1; m <= PMT_RSS_EACH; m++) {
		char of[32] = "";

		if (m != worst && !counts[m])
			continue;
		if (counts[m] != total)
			snprintf(of, sizeof(of), " (%zu thread%s)", counts[m],
				 counts[m] == 1 ? "" : "s");
		snprintf(words, sizeof(words), "%s%s: %s", pmt_rss_method_name(m), of,
			 pmt_info_rss_bound(m, pmt_facts_mode(a->tables)));
		print_words(request, "RSS", words);
	}
}

static void print_method(const struct pmt_report_request *request,
			 const struct pmt_analysis *a)
{
	char words[VALUE_BYTES];
	const char *interval = pmt_tables_info(a->tables, "interval_ms");
	const char *own = pmt_tables_info(a->tables, "tracer_pages");
	char figure[PMT_FIGURE_BYTES];

	print_value(request, "mode", pmt_facts_mode(a->tables));
	print_rss_methods(request, a);
	if (own) {
		snprintf(words, sizeof(words), "%s, in the samples and in no function",
			 pmt_figure_bytes(figure,
					  strtoull(own, NULL, 10) * a->model->page_bytes,
					  request->exact_bytes));
		print_value(request, "tracer's RSS", words);
	}
	snprintf(words, sizeof(words), "%" PRIu64 "%s%s%s", a->model->counts.samples,
		 interval ? ", one each " : "", interval ? interval : "",
		 interval ? " ms" : "");
	print_value(request, "samples", words);
	snprintf(words, sizeof(words), "%.3f ns a tick", a->clock.ns_per_tick);
	print_value(request, "clock", words);
}

static void print_stream(const struct pmt_report_request *request,
			 const struct pmt_analysis *a, const struct pmt_stream *stream)
{
	char name[80], stored[PMT_FIGURE_BYTES], events[PMT_FIGURE_BYTES];
	char missing[PMT_FIGURE_BYTES];
	const struct pmt_thread_info *thread =
	    pmt_tables_thread(a->tables, stream->number);
	struct pmt_stream_state *state;
	uint64_t count = 0;

	if (pmt_streams_get(&a->model->streams, stream->number, &state) == 0)
		count = state->event_count;
	snprintf(name, sizeof(name), "%s",
		 stream->number == 0 ? "process"
		 : thread            ? thread->name
				     : "");
	fprintf(request->out, "%6" PRIu32 " %14s %8" PRIu64 " %*s %*s  ", stream->number,
		pmt_figure_count(events, count, true), stream->chunk_count,
		request->exact_bytes ? 16 : 10,
		pmt_figure_bytes(stored, stream->stored_bytes, request->exact_bytes),
		request->exact_bytes ? 16 : 10,
		stream->missing_bytes ? pmt_figure_bytes(missing, stream->missing_bytes,
							 request->exact_bytes)
				      : "-");
	pmt_label_print_text(request, name, 20);
	if (thread && thread->defined)
		fprintf(request->out, " (%" PRIu32 ") %s", thread->os_tid,
			pmt_rss_method_name(thread->rss_method));
	fputc('\n', request->out);
}

static void print_streams(const struct pmt_report_request *request,
			  const struct pmt_analysis *a)
{
	int wide = request->exact_bytes ? 16 : 10;

	fprintf(request->out, "\n%s%6s %14s %8s %*s %*s  %s%s\n",
		pmt_paint(request->color, PMT_PAINT_TITLE), "stream", "events", "chunks",
		wide, "stored", wide, "missing", "thread",
		pmt_paint(request->color, PMT_PAINT_NONE));
	for (size_t i = 0; i < pmt_trace_stream_count(a->trace); i++)
		print_stream(request, a, pmt_trace_stream(a->trace, i));
}

/* Those of the run beside this one; nothing when there is only this one. */
static void print_processes(const struct pmt_report_request *request,
			    const struct pmt_analysis *a)
{
	struct pmt_processes processes;
	char words[VALUE_BYTES];

	if (pmt_processes_find(pmt_trace_path(a->trace), &processes) != 0)
		return;
	if (processes.count > 1) {
		snprintf(words, sizeof(words),
			 "%" PRIu32 " in this run; 'pymemtrace-report processes' shows "
			 "them",
			 processes.count);
		print_words(request, "processes", words);
	}
	pmt_processes_close(&processes);
}

static void print_facts(const struct pmt_report_request *request,
			const struct pmt_analysis *a)
{
	char value[VALUE_BYTES];

	fprintf(request->out, "\n%sfacts told by the tracer%s\n",
		pmt_paint(request->color, PMT_PAINT_TITLE),
		pmt_paint(request->color, PMT_PAINT_NONE));
	for (size_t i = 0; i < pmt_tables_info_count(a->tables); i++) {
		const struct pmt_info *info = pmt_tables_info_at(a->tables, i);
		size_t size = info->value_bytes < sizeof(value) - 1 ? info->value_bytes
								    : sizeof(value) - 1;
		memcpy(value, info->value, size);
		for (size_t at = 0; at < size; at++)
			if (value[at] == '\0')
				value[at] = ' ';
		value[size] = '\0';
		print_value(request, info->key, value);
	}
}

static void print_problems(const struct pmt_report_request *request,
			   const struct pmt_analysis *a)
{
	char text[PMT_PROBLEM_PATH_BYTES + PMT_PROBLEM_TEXT_BYTES + 64];
	uint64_t count = pmt_trace_problem_count(a->trace);

	if (count == 0)
		return;
	fprintf(request->out, "\n%sdamage%s\n",
		pmt_paint(request->color, PMT_PAINT_TITLE),
		pmt_paint(request->color, PMT_PAINT_NONE));
	for (size_t i = 0; i < count && pmt_trace_problem(a->trace, i); i++)
		pmt_wrap_print(request->out, "  ",
			       pmt_problem_describe(pmt_trace_problem(a->trace, i), text,
						    sizeof(text)),
			       request->width_columns);
	if (count > PMT_TRACE_PROBLEMS_KEPT)
		fprintf(request->out, "  and %" PRIu64 " more\n",
			count - PMT_TRACE_PROBLEMS_KEPT);
}

static void print_gaps(const struct pmt_report_request *request,
		       const struct pmt_analysis *a)
{
	char text[PMT_GAP_TEXT_BYTES];
	const struct pmt_gaps *gaps = &a->model->gaps;

	if (gaps->kept_count == 0)
		return;
	fprintf(request->out, "\n%smissing%s\n",
		pmt_paint(request->color, PMT_PAINT_TITLE),
		pmt_paint(request->color, PMT_PAINT_NONE));
	for (uint32_t i = 0; i < gaps->kept_count; i++)
		pmt_wrap_print(request->out, "  ",
			       pmt_facts_gap(a, &gaps->kept[i], text, sizeof(text)),
			       request->width_columns);
	if (a->model->gap_count > gaps->kept_count)
		fprintf(request->out, "  and %" PRIu64 " more\n",
			a->model->gap_count - gaps->kept_count);
}

static void print_text(const struct pmt_report_request *request,
		       const struct pmt_analysis *a)
{
	print_file(request, a);
	print_process(request, a);
	print_processes(request, a);
	print_method(request, a);
	print_streams(request, a);
	print_facts(request, a);
	print_problems(request, a);
	print_gaps(request, a);
	fputc('\n', request->out);
	pmt_truth_print(request, a);
}

static int run(const struct pmt_report_request *request)
{
	struct pmt_analysis a;
	int code = pmt_report_load_counts(request, &a);

	if (code != PMT_EXIT_OK)
		return code;
	if (request->format == PMT_REPORT_JSON)
		code = pmt_info_json_print(request, &a);
	else
		print_text(request, &a);
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_info = {
    .name = "info",
    .summary = "the trace itself: origin, method, streams, what is missing",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON),
    .options = 0,
    .run = run,
};
