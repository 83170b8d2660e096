/* The summary on one screen: 80 columns, some 40 lines, to be understood by somebody who
 * has read nothing about it. */
#include <string.h>

#include "cli/exit_code.h"
#include "cli/paint.h"
#include "report/collections.h"
#include "report/drawing.h"
#include "report/facts.h"
#include "report/label.h"
#include "report/summary.h"
#include "report/summary_line.h"
#include "report/summary_peaks.h"
#include "report/threads.h"
#include "report/truth.h"

enum {
	HEADER_LINES = 3,
	PEAK_LINES = 2,
	LAST_LINES = 3, /* threads, processes, more */
	FIGURE_COLUMNS = 13,
	EXACT_FIGURE_COLUMNS = 20,
	TEXT_BYTES = 8192,
};

static void print_header(const struct pmt_report_request *request,
			 const struct pmt_analysis *a)
{
	char command[TEXT_BYTES], end[64], time[PMT_FIGURE_BYTES];
	char events[PMT_FIGURE_BYTES];
	const char *python = pmt_tables_info(a->tables, "python_version");
	const struct pmt_file_header *header = pmt_trace_header(a->trace);

	pmt_facts_command(a->tables, command, sizeof(command));
	fputs(pmt_paint(request->color, PMT_PAINT_TITLE), request->out);
	pmt_summary_print_cut(request, 0, "%s",
			      *command ? pmt_process_short_command(command)
				       : pmt_trace_path(a->trace));
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
	pmt_summary_print_cut(
	    request, 0, "%s%.*s%spid %u, %s, %s", python ? "Python " : "",
	    python ? (int)strcspn(python, " ") : 0, python ? python : "",
	    python ? ", " : "", header->pid,
	    pmt_figure_duration(time,
				pmt_analysis_since_start_ns(a, a->model->last_tick)),
	    pmt_facts_end(&a->losses, end, sizeof(end)));
	bool summed = a->model->counts.events == 0 && a->model->tree_nodes.count > 0;
	const struct pmt_type_counts types = pmt_types_total(&a->model->types);
	bool refs = a->model->counts.events == 0 && a->model->measured.types;
	uint64_t count = refs     ? types.new_count
			 : summed ? a->model->totals.call_count
				  : a->model->counts.events;
	pmt_summary_print_cut(
	    request, 0, "mode %s, %s %s%s, RSS method: %s", pmt_facts_mode(a->tables),
	    pmt_figure_count(events, count, false),
	    refs     ? "object"
	    : summed ? "call"
		     : "event",
	    count == 1 ? "" : "s", pmt_rss_method_name(pmt_analysis_rss_method(a)));
}

static void print_list(const struct pmt_report_request *request,
		       const struct pmt_model *model, const struct pmt_summary_list *list,
		       const struct pmt_summary_layout *layout)
{
	char text[PMT_FIGURE_BYTES];
	int width = request->exact_bytes ? EXACT_FIGURE_COLUMNS : FIGURE_COLUMNS;
	/* A narrow terminal gets the figure that the list is sorted by; without call
	 * paths there is no other. */
	bool both = request->width_columns >= 60 && model->measured.paths;
	unsigned used = (unsigned)(both ? 2 * width : width) + 2;

	if (list->count == 0)
		return;
	if (layout->has_blanks)
		fputc('\n', request->out);
	fprintf(request->out, "%s%*s", pmt_paint(request->color, PMT_PAINT_TITLE), width,
		both || request->width_columns >= 60 ? "by itself" : "");
	if (both)
		fprintf(request->out, "%*s", width, "with callees");
	fputs("  ", request->out);
	pmt_label_print_text(request, list->heading, request->width_columns - used);
	fprintf(request->out, "%s\n", pmt_paint(request->color, PMT_PAINT_NONE));
	for (uint32_t i = 0; i < list->count && i < layout->list_rows; i++) {
		const struct pmt_function_row *row = &list->rows[i];

		fprintf(request->out, "%*s", width,
			pmt_metric_text(text, list->metric, &row->self, model,
					request->exact_bytes));
		if (both)
			fprintf(request->out, "%*s", width,
				pmt_metric_text(text, list->metric, &row->inclusive,
						model, request->exact_bytes));
		fputs("  ", request->out);
		pmt_label_print(request, &model->functions.items[row->function],
				request->width_columns - used);
		fputc('\n', request->out);
	}
}

static void print_threads(const struct pmt_report_request *request,
			  const struct pmt_analysis *a, const struct pmt_summary *summary)
{
	char text[TEXT_BYTES], name[64], bytes[PMT_FIGURE_BYTES];
	size_t used;

	pmt_summary_print_title(request, "Threads");
	used = (size_t)snprintf(text, sizeof(text), "%u", summary->thread_count);
	for (uint32_t i = 0; i < summary->thread_count && i < 4; i++) {
		const struct pmt_stream_state *s =
		    &a->model->streams.items[summary->threads[i]];

		used += (size_t)snprintf(
		    text + used, sizeof(text) - used, "%s%s %s", i == 0 ? ": " : ", ",
		    pmt_threads_name(a, s, name, sizeof(name)),
		    a->model->measured.mallocs
			? pmt_figure_bytes(bytes, s->totals.allocated_bytes, false)
			: "");
	}
	pmt_summary_print_cut(
	    request, PMT_SUMMARY_TITLE_COLUMNS, "%s%s", text,
	    summary->thread_count > 0 && a->model->measured.mallocs ? " allocated" : "");
}

static void print_collections(const struct pmt_report_request *request,
			      const struct pmt_analysis *a)
{
	char text[TEXT_BYTES];

	if (!pmt_collections_are_known(a))
		return;
	pmt_summary_print_title(request, "Collector");
	pmt_summary_print_cut(request, PMT_SUMMARY_TITLE_COLUMNS, "%s",
			      pmt_collections_line(a, text, sizeof(text)));
}

static void print_processes(const struct pmt_report_request *request,
			    const struct pmt_summary *summary)
{
	const struct pmt_processes *all = &summary->processes;
	char bytes[PMT_FIGURE_BYTES];

	pmt_summary_print_title(request, "Processes");
	if (all->count <= 1 || summary->largest_process == PMT_PROCESS_NONE) {
		fprintf(request->out, "%u\n", all->count);
		return;
	}
	const struct pmt_process *p = &all->items[summary->largest_process];
	const char *name = strrchr(p->path, '/');
	unsigned endless = 0;
	for (uint32_t i = 0; i < all->count; i++)
		endless += !all->items[i].ended;
	char note[48] = "";
	if (endless > 0)
		snprintf(note, sizeof(note), "; %u without an end", endless);
	pmt_summary_print_cut(
	    request, PMT_SUMMARY_TITLE_COLUMNS, "%u; largest peak RSS %s: %s%u, %s%s",
	    all->count, pmt_figure_bytes(bytes, p->peak_rss_bytes, request->exact_bytes),
	    p->is_this ? "this, pid " : "pid ", p->pid, name ? name + 1 : p->path, note);
}

/* What is to be shown below the header and `doubts` lines about losses. */
static struct pmt_summary_layout fit(const struct pmt_report_request *request,
				     const struct pmt_analysis *a,
				     const struct pmt_summary *summary, unsigned doubts,
				     bool same_call)
{
	const struct pmt_peaks *peaks = &a->model->peaks;
	uint64_t problems = pmt_trace_problem_count(a->trace); /* said on stderr */
	struct pmt_summary_content content = {
	    .height_rows = request->height_rows,
	    .fixed_lines = HEADER_LINES + doubts + PEAK_LINES + LAST_LINES +
			   pmt_collections_are_known(a) + (summary->at_peak != NULL) +
			   (a->model->counts.samples > 0) +
			   (a->losses.complete && doubts == 0) +
			   (problems < 2 ? (unsigned)problems : 2),
	    .list_rows_asked = request->limit_count < UINT32_MAX
				   ? (uint32_t)request->limit_count
				   : UINT32_MAX,
	};

	content.path_lines =
	    pmt_summary_path_shows(a->model, &peaks->rss) +
	    (!same_call && pmt_summary_path_shows(a->model, &peaks->heap));
	for (unsigned i = 0; i < PMT_SUMMARY_LISTS; i++)
		content.list_rows[i] = summary->lists[i].count;
	return pmt_summary_layout_fit(&content);
}

int pmt_summary_print_text(const struct pmt_report_request *request,
			   const struct pmt_analysis *a,
			   const struct pmt_summary *summary)
{
	const struct pmt_peaks *peaks = &a->model->peaks;
	bool same_call = peaks->rss.reached.node_known &&
			 peaks->heap.reached.node_known &&
			 peaks->rss.reached.node == peaks->heap.reached.node;

	print_header(request, a);
	unsigned doubts = pmt_truth_print(request, a);
	struct pmt_summary_layout layout = fit(request, a, summary, doubts, same_call);
	if (layout.has_blanks)
		fputc('\n', request->out);
	pmt_summary_print_peak(request, a, "Peak RSS", &peaks->rss, layout.has_paths);
	pmt_summary_print_peak(request, a, "Peak heap", &peaks->heap,
			       layout.has_paths && !same_call);
	pmt_summary_print_live(request, a, summary);
	pmt_summary_print_end(request, a, summary);
	if (layout.chart_rows && pmt_drawing_print(request, a, layout.chart_rows, 0) == 0)
		fputs("\n  nothing was measured over time\n", request->out);
	for (unsigned i = 0; i < layout.list_count; i++)
		print_list(request, summary->lists[i].model, &summary->lists[i], &layout);
	if (layout.has_blanks)
		fputc('\n', request->out);
	print_collections(request, a);
	print_threads(request, a, summary);
	print_processes(request, summary);
	if (a->losses.complete && doubts == 0) {
		pmt_summary_print_title(request, "Complete");
		fputs("nothing was lost\n", request->out);
	}
	fputs(pmt_paint(request->color, PMT_PAINT_DIM), request->out);
	pmt_summary_print_cut(
	    request, 0,
	    "More: pymemtrace-report %s%sfunctions | tree | timeline | threads | "
	    "processes",
	    a->model->measured.blocks ? "leaks | peak | " : "",
	    a->model->measured.types ? "types | " : "");
	fputs(pmt_paint(request->color, PMT_PAINT_NONE), request->out);
	return PMT_EXIT_OK;
}
