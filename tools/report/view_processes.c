/* The view "processes": the family of a run, from the traces beside the given one. */
#include <inttypes.h>
#include <string.h>

#include "analysis/processes.h"
#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "report/csv.h"
#include "report/facts.h"
#include "report/json.h"
#include "report/label.h"
#include "report/view.h"

static const char *end_text(const struct pmt_process *p, char *text, size_t size)
{
	struct pmt_losses as_losses = {
	    .ended = p->ended, .running = p->running, .how = p->how, .status = p->status};

	return pmt_facts_end(&as_losses, text, size);
}

static const char *command_of(const struct pmt_process *p)
{
	return pmt_process_short_command(p->command ? p->command : p->exe ? p->exe : "");
}

enum { PID_COLUMNS = 8, FIGURE_COLUMNS = 12, EXACT_FIGURE_COLUMNS = 19 };

/* The figures in front of a command; heading when p is NULL. Returns their columns. */
static unsigned print_figures(const struct pmt_report_request *request,
			      const struct pmt_process *p)
{
	char rss[PMT_FIGURE_BYTES] = "-", time[PMT_FIGURE_BYTES] = "-";
	int width = request->exact_bytes ? EXACT_FIGURE_COLUMNS : FIGURE_COLUMNS;
	unsigned used;

	if (p && p->has_samples)
		pmt_figure_bytes(rss, p->peak_rss_bytes, request->exact_bytes);
	if (p && p->start_known)
		pmt_figure_duration(time, (int64_t)p->duration_ns);
	if (p)
		used = (unsigned)fprintf(request->out, "%*" PRIu32 "%*s", PID_COLUMNS,
					 p->pid, width, rss);
	else
		used = (unsigned)fprintf(request->out, "%*s%*s", PID_COLUMNS, "pid",
					 width, "peak RSS");
	if (request->width_columns >= 60)
		used += (unsigned)fprintf(request->out, "%*s", FIGURE_COLUMNS,
					  p ? time : "lived");
	return used + (unsigned)fprintf(request->out, "  ");
}

/* Two columns for each generation; returns what is used then. */
static unsigned print_indent(const struct pmt_report_request *request, unsigned used,
			     uint32_t depth)
{
	for (uint32_t i = 0; i < depth && used + 20 < request->width_columns; i++)
		used += (unsigned)fprintf(request->out, "  ");
	return used;
}

static void print_row(const struct pmt_report_request *request,
		      const struct pmt_process *p)
{
	const char *name = strrchr(p->path, '/');
	char end[64];
	unsigned figures = print_figures(request, p);
	unsigned used = print_indent(request, figures, p->depth);
	unsigned width = request->width_columns;

	if (p->is_this)
		fputs(pmt_paint(request->color, PMT_PAINT_TITLE), request->out);
	pmt_label_print_text(request, command_of(p), width > used ? width - used : 1);
	if (p->is_this)
		fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
	fprintf(request->out, "\n%*s%s", (int)figures, "",
		pmt_paint(request->color, PMT_PAINT_DIM));
	used = print_indent(request, figures, p->depth);
	used += pmt_label_print_text(request, end_text(p, end, sizeof(end)),
				     width > used ? width - used : 1);
	if (used + 2 + 8 < width) {
		fputs("  ", request->out);
		pmt_label_print_text(request, name ? name + 1 : p->path,
				     width - used - 2);
	}
	fprintf(request->out, "%s\n", pmt_paint(request->color, PMT_PAINT_NONE));
}

static int print_text(const struct pmt_report_request *request,
		      const struct pmt_processes *processes, uint32_t count)
{
	fputs(pmt_paint(request->color, PMT_PAINT_TITLE), request->out);
	print_figures(request, NULL);
	fprintf(request->out, "command%s\n", pmt_paint(request->color, PMT_PAINT_NONE));
	for (uint32_t i = 0; i < count; i++)
		print_row(request, &processes->items[i]);
	if (processes->unreadable_count > 0)
		fprintf(request->out, "%s! %u traces of this run cannot be read.%s\n",
			pmt_paint(request->color, PMT_PAINT_WARN),
			processes->unreadable_count,
			pmt_paint(request->color, PMT_PAINT_NONE));
	return PMT_EXIT_OK;
}

static json_t *integer_or_null(bool known, uint64_t value)
{
	return known ? json_integer((json_int_t)value) : json_null();
}

static json_t *process_object(const struct pmt_processes *processes, uint32_t i)
{
	const struct pmt_process *p = &processes->items[i];
	json_t *o = json_object();

	json_object_set_new(o, "pid", json_integer(p->pid));
	json_object_set_new(o, "generation", json_integer(p->generation));
	json_object_set_new(o, "parent_pid",
			    integer_or_null(p->parent_pid != 0, p->parent_pid));
	json_object_set_new(o, "depth", json_integer(p->depth));
	json_object_set_new(o, "path", pmt_json_text(p->path));
	json_object_set_new(o, "this", json_boolean(p->is_this));
	json_object_set_new(o, "command", pmt_json_text(p->command));
	json_object_set_new(o, "exe", pmt_json_text(p->exe));
	json_object_set_new(o, "python_version", pmt_json_text(p->python_version));
	json_object_set_new(o, "mode", pmt_json_text(p->mode));
	json_object_set_new(o, "end", pmt_json_end(p->ended, p->how, p->status));
	json_object_set_new(o, "running", json_boolean(p->running));
	json_object_set_new(o, "damaged_places",
			    json_integer((json_int_t)p->damaged_count));
	json_object_set_new(o, "peak_rss_bytes",
			    integer_or_null(p->has_samples, p->peak_rss_bytes));
	json_object_set_new(o, "last_rss_bytes",
			    integer_or_null(p->has_samples, p->last_rss_bytes));
	json_object_set_new(o, "peak_heap_bytes",
			    p->has_samples ? json_integer(p->peak_heap_bytes)
					   : json_null());
	json_object_set_new(o, "start_realtime_ns",
			    integer_or_null(p->start_known, p->start_ns));
	json_object_set_new(o, "duration_ns",
			    integer_or_null(p->start_known, p->duration_ns));
	return o;
}

static int print_json(const struct pmt_report_request *request,
		      const struct pmt_processes *processes, uint32_t count)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(list, process_object(processes, i));
	return pmt_json_print(request->out, json_pack("{s:o, s:i}", "processes", list,
						      "unreadable_traces",
						      (int)processes->unreadable_count));
}

static int print_csv(const struct pmt_report_request *request,
		     const struct pmt_processes *processes, uint32_t count)
{
	static const char *const heads[] = {
	    "pid",        "parent_pid", "path",           "command",
	    "end",        "status",     "peak_rss_bytes", "start_realtime_ns",
	    "duration_ns"};
	struct pmt_csv csv = {.out = request->out};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		pmt_csv_text(&csv, heads[i]);
	pmt_csv_end_row(&csv);
	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_process *p = &processes->items[i];

		pmt_csv_integer(&csv, p->pid);
		pmt_csv_integer_if(&csv, p->parent_pid != 0, p->parent_pid);
		pmt_csv_text(&csv, p->path);
		pmt_csv_text(&csv, p->command);
		pmt_csv_text(&csv, p->ended ? pmt_end_name(p->how) : NULL);
		pmt_csv_integer_if(
		    &csv, p->ended && (p->how != PMT_END_SIGNAL || p->status), p->status);
		pmt_csv_integer_if(&csv, p->has_samples, (int64_t)p->peak_rss_bytes);
		pmt_csv_integer_if(&csv, p->start_known, (int64_t)p->start_ns);
		pmt_csv_integer_if(&csv, p->start_known, (int64_t)p->duration_ns);
		pmt_csv_end_row(&csv);
	}
	return PMT_EXIT_OK;
}

static bool all_ended_whole(const struct pmt_processes *processes)
{
	for (uint32_t i = 0; i < processes->count; i++) {
		const struct pmt_process *p = &processes->items[i];

		if (!pmt_end_is_own(p->ended, p->how) || p->damaged_count)
			return false;
	}
	return processes->unreadable_count == 0;
}

static int run(const struct pmt_report_request *request)
{
	char text[PMT_PROBLEM_PATH_BYTES + PMT_PROBLEM_TEXT_BYTES + 64];
	struct pmt_problem problem;
	struct pmt_processes processes;
	/* What cannot be opened is said as every view says it. */
	struct pmt_trace *trace = pmt_trace_open(request->trace_path, NULL, &problem);

	if (!trace) {
		pmt_message_error("%s",
				  pmt_problem_describe(&problem, text, sizeof(text)));
		return PMT_EXIT_UNREADABLE;
	}
	pmt_trace_close(trace);
	if (pmt_processes_find(request->trace_path, &processes) != 0) {
		pmt_message_error("not enough memory for the processes");
		return PMT_EXIT_UNREADABLE;
	}
	uint32_t count = processes.count;
	if (request->limit_count && request->limit_count < count)
		count = (uint32_t)request->limit_count;
	int code =
	    request->format == PMT_REPORT_JSON  ? print_json(request, &processes, count)
	    : request->format == PMT_REPORT_CSV ? print_csv(request, &processes, count)
						: print_text(request, &processes, count);
	if (code == PMT_EXIT_OK && request->strict && !all_ended_whole(&processes)) {
		pmt_message_error("--strict: not all traces of the run are whole");
		code = PMT_EXIT_INCOMPLETE;
	}
	pmt_processes_close(&processes);
	return code;
}

const struct pmt_view pmt_view_processes = {
    .name = "processes",
    .summary = "the processes of the run: children by fork, spawn, exec",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV),
    .options = PMT_TAKES_LIMIT,
    .run = run,
};
