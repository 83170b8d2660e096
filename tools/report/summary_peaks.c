/* How much at most, when, and in which call. */
#include "report/summary_peaks.h"

#include <stdio.h>
#include <string.h>

#include "cli/figure_text.h"
#include "cli/paint.h"
#include "report/label.h"
#include "report/summary_line.h"

enum { PATH_BYTES = 4000 };

/* "<module> > main > load": the end of it that fits. */
static void print_path(const struct pmt_report_request *request,
		       const struct pmt_model *model, uint32_t node)
{
	const struct pmt_tree *tree = &model->tree;
	char path[PATH_BYTES];
	size_t at = sizeof(path) - 1;
	unsigned columns = request->width_columns > PMT_SUMMARY_TITLE_COLUMNS + 8
			       ? request->width_columns - PMT_SUMMARY_TITLE_COLUMNS
			       : 8;

	path[at] = '\0';
	for (; node != PMT_TREE_ROOT; node = tree->paths[node].parent) {
		const char *name =
		    model->functions.items[tree->paths[node].function].name;
		size_t size = strlen(name);

		if (at < size + 3)
			break;
		at -= size;
		memcpy(path + at, name, size);
		if (tree->paths[node].parent != PMT_TREE_ROOT) {
			at -= 3;
			memcpy(path + at, " > ", 3);
		}
	}
	fprintf(request->out, "%*s%s", PMT_SUMMARY_TITLE_COLUMNS, "",
		pmt_paint(request->color, PMT_PAINT_DIM));
	pmt_label_print_end(request, path + at, columns);
	fprintf(request->out, "%s\n", pmt_paint(request->color, PMT_PAINT_NONE));
}

/* When: the moment it was reached; of the kernel's mark only between which samples. */
static unsigned print_when(const struct pmt_report_request *request,
			   const struct pmt_analysis *a, const struct pmt_peak *peak)
{
	char at[PMT_FIGURE_BYTES], from[PMT_FIGURE_BYTES];

	pmt_figure_duration(at, pmt_analysis_since_start_ns(a, peak->reached.tick));
	if (peak->source != PMT_PEAK_KERNEL)
		return (unsigned)fprintf(request->out, "  at %s", at);
	pmt_figure_duration(from, pmt_analysis_since_start_ns(a, peak->from_tick));
	pmt_figure_duration(at, pmt_analysis_since_start_ns(a, peak->at.tick));
	return (unsigned)fprintf(request->out, "  between %s and %s", from, at);
}

bool pmt_summary_path_shows(const struct pmt_model *model, const struct pmt_peak *peak)
{
	return peak->source != PMT_PEAK_NONE && peak->reached.node_known &&
	       model->tree.paths[peak->reached.node].depth > 1;
}

void pmt_summary_print_peak(const struct pmt_report_request *request,
			    const struct pmt_analysis *a, const char *title,
			    const struct pmt_peak *peak, bool with_path)
{
	const struct pmt_model *model = a->model;
	const struct pmt_moment *reached = &peak->reached;
	char bytes[PMT_FIGURE_BYTES];
	unsigned used = PMT_SUMMARY_TITLE_COLUMNS;

	pmt_summary_print_title(request, title);
	if (peak->source == PMT_PEAK_NONE) {
		fputs("not measured\n", request->out);
		return;
	}
	pmt_figure_bytes(bytes, peak->bytes > 0 ? (uint64_t)peak->bytes : 0,
			 request->exact_bytes);
	fprintf(request->out, "%s%s%s", pmt_paint(request->color, PMT_PAINT_UP), bytes,
		pmt_paint(request->color, PMT_PAINT_NONE));
	used += (unsigned)strlen(bytes) + print_when(request, a, peak);
	if (reached->node_known) {
		uint32_t function = model->tree.paths[reached->node].function;

		used += (unsigned)fprintf(request->out, "  in ");
		pmt_label_print(request, &model->functions.items[function],
				request->width_columns > used + 8
				    ? request->width_columns - used
				    : 8);
	}
	fputc('\n', request->out);
	if (with_path && pmt_summary_path_shows(model, peak))
		print_path(request, model, reached->node);
}

/* Of single blocks, mappings among them, which the sums of the heap do not have. */
void pmt_summary_print_live(const struct pmt_report_request *request,
			    const struct pmt_analysis *a,
			    const struct pmt_summary *summary)
{
	const struct pmt_place_moment_state *peak =
	    &a->model->block_history.set.places.moments[PMT_MOMENT_HEAP];
	char bytes[PMT_FIGURE_BYTES], at[PMT_FIGURE_BYTES];
	unsigned used = PMT_SUMMARY_TITLE_COLUMNS;

	if (!summary->at_peak)
		return;
	pmt_summary_print_title(request, "Peak live");
	pmt_figure_bytes(bytes, peak->heap.bytes, request->exact_bytes);
	pmt_figure_duration(at, pmt_analysis_since_start_ns(a, peak->tick));
	fprintf(request->out, "%s%s%s", pmt_paint(request->color, PMT_PAINT_UP), bytes,
		pmt_paint(request->color, PMT_PAINT_NONE));
	used += (unsigned)strlen(bytes);
	used += (unsigned)fprintf(request->out, "  at %s  most by ", at);
	pmt_label_print(
	    request, &summary->at_peak->functions.items[summary->holder.function],
	    request->width_columns > used + 8 ? request->width_columns - used : 8);
	fputc('\n', request->out);
}

void pmt_summary_print_end(const struct pmt_report_request *request,
			   const struct pmt_analysis *a,
			   const struct pmt_summary *summary)
{
	const struct pmt_peaks *peaks = &a->model->peaks;
	char rss[PMT_FIGURE_BYTES], heap[PMT_FIGURE_BYTES], own[PMT_FIGURE_BYTES];

	if (a->model->counts.samples == 0)
		return;
	pmt_summary_print_title(request, "At the end");
	fprintf(
	    request->out, "%s RSS",
	    pmt_figure_bytes(rss, (uint64_t)peaks->rss_end_bytes, request->exact_bytes));
	if (peaks->heap_end_bytes >= 0)
		fprintf(request->out, ", %s heap",
			pmt_figure_bytes(heap, (uint64_t)peaks->heap_end_bytes,
					 request->exact_bytes));
	if (summary->own_bytes > 0)
		fprintf(request->out, "; Python's own modules and caches %s",
			pmt_figure_bytes(own, summary->own_bytes, request->exact_bytes));
	fputc('\n', request->out);
}
