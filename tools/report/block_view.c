/* Loading for the views of blocks, and who prints what. */
#include "report/block_view.h"

#include <inttypes.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/block_print.h"
#include "report/load.h"

/* The sort keys of blocks are those of the figures that hold them. */
static struct pmt_report_request with_figures(const struct pmt_report_request *request)
{
	struct pmt_report_request translated = *request;

	if (!request->sort || strcmp(request->sort, "bytes") == 0)
		translated.sort = "allocated";
	else if (strcmp(request->sort, "count") == 0)
		translated.sort = "allocated-count";
	return translated;
}

static const char *what_takes_blocks(const struct pmt_report_request *request)
{
	if (request->from_mark)
		return "--from";
	if (request->to_mark && strcmp(request->to_mark, PMT_TO_EXIT) != 0)
		return "--to";
	if (request->when.kind != PMT_WHEN_END)
		return "at";
	if (request->of_rss)
		return "--of=rss";
	if (request->by == PMT_BY_SIZE)
		return "--by=size";
	return request->within_count ? "--within" : NULL;
}

bool pmt_block_check_stream(const struct pmt_report_request *request,
			    const struct pmt_block_history *blocks, const char *what)
{
	if (!what)
		what = what_takes_blocks(request);
	if (!what || !blocks->is_summed)
		return true;
	pmt_message_error("%s: this trace has what was live at the end, at the peak and "
			  "in sum, not block by block; that takes mode=allocs without "
			  "detail=live",
			  what);
	return false;
}

bool pmt_block_check_marks(const struct pmt_report_request *request,
			   const struct pmt_block_history *blocks)
{
	const char *missing = NULL;

	if (!pmt_block_check_stream(request, blocks, NULL))
		return false;
	if (!blocks->has_from)
		missing = request->from_mark;
	else if (request->to_mark && strcmp(request->to_mark, PMT_TO_EXIT) != 0 &&
		 !blocks->has_to)
		missing = request->to_mark;
	if (!missing)
		return true;
	pmt_message_error("the program never set the mark '%s'%s; 'pymemtrace-report "
			  "timeline' lists them",
			  missing,
			  missing == request->to_mark && request->from_mark
			      ? " behind that of --from"
			      : "");
	return false;
}

enum pmt_block_spot pmt_block_spot(const struct pmt_report_request *request)
{
	switch (request->by) {
	case PMT_BY_FUNCTION:
		return PMT_SPOT_FUNCTION;
	case PMT_BY_FILE:
		return PMT_SPOT_FILE;
	case PMT_BY_THREAD:
		return PMT_SPOT_THREAD;
	case PMT_BY_SIZE:
		return PMT_SPOT_SIZE;
	case PMT_BY_DOMAIN:
		return PMT_SPOT_DOMAIN;
	default:
		return PMT_SPOT_LINE;
	}
}

bool pmt_block_by_stack(const struct pmt_report_request *request)
{
	return request->by == PMT_BY_STACK || request->format == PMT_REPORT_FOLDED;
}

static int show(const struct pmt_report_request *request, const struct pmt_analysis *a,
		const struct pmt_block_view *view)
{
	struct pmt_block_model_options options = {
	    .figure = request->of_rss ? view->rss_figure : view->figure,
	    .spot = pmt_block_spot(request),
	    .thread = request->thread,
	};
	struct pmt_analysis shown = *a;
	int code;

	if (pmt_block_model_new(a, &options, &shown.model) != 0) {
		pmt_message_error("not enough memory for the blocks' calling contexts");
		return PMT_EXIT_UNREADABLE;
	}
	if (pmt_block_by_stack(request))
		code = pmt_block_print_stacks(request, &shown, view);
	else
		code = pmt_block_print_spots(request, &shown, view);
	pmt_block_model_free(shown.model);
	return code;
}

void pmt_block_print_totals(const struct pmt_report_request *request,
			    const struct pmt_model *shown, const char *kind)
{
	const struct pmt_figures *f = &shown->totals;
	char bytes[PMT_FIGURE_BYTES], count[PMT_FIGURE_BYTES];

	fprintf(request->out, "%s in %s %sblocks",
		pmt_figure_bytes(
		    bytes, pmt_share_rounded(f->allocated_bytes, f->allocated_bytes_part),
		    request->exact_bytes),
		pmt_figure_count(
		    count, pmt_share_rounded(f->allocated_count, f->allocated_count_part),
		    false),
		kind);
	if (shown->sample_mean_bytes)
		fprintf(request->out, " (estimated from %s sample%s)",
			pmt_figure_count(count, f->sample_count, false),
			f->sample_count == 1 ? "" : "s");
}

void pmt_block_csv_heads(struct pmt_csv *csv, const struct pmt_metric *metrics)
{
	char name[64];

	for (unsigned i = 0; i < 2 * PMT_BLOCK_METRICS; i++) {
		snprintf(name, sizeof(name), "%s_%s",
			 i < PMT_BLOCK_METRICS ? "self" : "inclusive",
			 metrics[i % PMT_BLOCK_METRICS].member);
		pmt_csv_text(csv, name);
	}
}

void pmt_block_csv_figures(struct pmt_csv *csv, const struct pmt_metric *metrics,
			   const struct pmt_figures *self,
			   const struct pmt_figures *inclusive)
{
	for (unsigned k = 0; k < PMT_BLOCK_METRICS; k++)
		pmt_csv_integer(csv, metrics[k].get(self, 0));
	for (unsigned k = 0; k < PMT_BLOCK_METRICS; k++)
		pmt_csv_integer(csv, metrics[k].get(inclusive, 0));
}

int pmt_block_view_run(const struct pmt_report_request *request,
		       const struct pmt_block_view *view)
{
	struct pmt_report_request translated = with_figures(request);
	struct pmt_analysis a;
	int code = pmt_report_load_blocks(request, &a);

	if (code != PMT_EXIT_OK)
		return code;
	if (!pmt_block_check_marks(request, &a.model->block_history))
		code = PMT_EXIT_USAGE;
	else
		code = show(&translated, &a, view);
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}
