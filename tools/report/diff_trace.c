/* From a path to one side of a difference. */
#include "report/diff_trace.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/block_metric.h"
#include "analysis/view_tables.h"
#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/block_view.h"
#include "report/diff_moment.h"
#include "report/facts.h"
#include "report/json.h"
#include "report/load.h"
#include "report/truth.h"

static int make_blocks(const struct pmt_report_request *request,
		       const struct pmt_diff_kind *kind, const struct pmt_analysis *a,
		       struct pmt_keyed_table *ret_table)
{
	struct pmt_block_model_options options = {
	    .figure = request->of_rss ? kind->rss_figure : kind->block_figure,
	    .spot = pmt_block_spot(request),
	    .thread = request->thread,
	};
	struct pmt_view_table_options table = {
	    .metrics = kind->block_metrics,
	    .metric_count = PMT_BLOCK_METRICS,
	    .inclusive = request->sort_inclusive,
	};
	struct pmt_analysis shown = *a;
	int error = pmt_block_model_new(a, &options, &shown.model);

	if (error)
		return error;
	/* Paths of blocks are known even where those of calls are not. */
	shown.model->measured.paths = true;
	if (pmt_block_by_stack(request))
		error = pmt_view_table_tree(&shown, &table, ret_table);
	else
		error = pmt_view_table_functions(&shown, &table, ret_table);
	pmt_block_model_free(shown.model);
	return error;
}

static int load(const struct pmt_report_request *request, enum pmt_until until,
		const struct pmt_diff_kind *kind, struct pmt_analysis *ret_analysis)
{
	struct pmt_report_request apart = *request;

	if (until != PMT_UNTIL_END)
		return pmt_report_load_until(request, until, !kind || kind->block_metrics,
					     ret_analysis);
	if (kind->by_size)
		apart.by = PMT_BY_SIZE;
	if (kind->block_metrics || kind->with_blocks)
		return pmt_report_load_blocks(&apart, ret_analysis);
	if (kind->counts_only)
		return pmt_report_load_counts(request, ret_analysis);
	return pmt_report_load(request, false, ret_analysis);
}

/* What pmt_truth_print says, kept until the rows are printed. */
static int keep_truth(const struct pmt_report_request *request,
		      const struct pmt_analysis *a, char **ret_text)
{
	struct pmt_report_request into_text = *request;
	char *text = NULL;
	size_t size;

	into_text.out = open_memstream(&text, &size);
	if (!into_text.out)
		return -1;
	pmt_truth_print(&into_text, a);
	if (fclose(into_text.out) != 0) {
		free(text);
		return -1;
	}
	*ret_text = text;
	return 0;
}

static unsigned minor_of(const struct pmt_tables *tables)
{
	const char *version = pmt_tables_info(tables, "python_version");

	return version && strncmp(version, "3.", 2) == 0
		   ? (unsigned)strtoul(version + 2, NULL, 10)
		   : 0;
}

/* What is known of the resident set and of the tracer's part in it. */
static void note_rss(const struct pmt_analysis *a, struct pmt_diff_trace *side)
{
	const struct pmt_model *model = a->model;
	const char *pages = pmt_tables_info(a->tables, "tracer_pages");

	side->has_rss = model->measured.rss;
	side->rss_bytes =
	    pmt_pages_to_bytes(model->peaks.rss_now_pages, model->page_bytes);
	side->tracer_bytes =
	    pages ? strtoull(pages, NULL, 10) * (uint64_t)model->page_bytes : 0;
}

static int fill(const struct pmt_report_request *request, enum pmt_until until,
		const struct pmt_diff_kind *kind, const struct pmt_analysis *a,
		struct pmt_diff_trace *side)
{
	int error = kind->make ? kind->make(request, a, &side->table)
			       : make_blocks(request, kind, a, &side->table);

	side->losses = a->losses;
	side->mode = strdup(pmt_facts_mode(a->tables));
	side->python_minor = minor_of(a->tables);
	side->trace = pmt_json_trace(a);
	side->label = until == PMT_UNTIL_END ? strdup(side->path)
					     : pmt_diff_moment_label(request, until, a);
	side->moment_ns = pmt_diff_moment_ns(until, a);
	side->begin_count = a->model->stretch.begin_count;
	note_rss(a, side);
	if (!error)
		error = keep_truth(request, a, &side->truth);
	if (!error && side->mode && side->trace && side->label)
		return PMT_EXIT_OK;
	pmt_message_error("%s: not enough memory for the table to compare", side->path);
	return PMT_EXIT_UNREADABLE;
}

static bool check(const struct pmt_report_request *request, enum pmt_until until,
		  const struct pmt_diff_kind *kind, const struct pmt_analysis *a)
{
	if (until != PMT_UNTIL_END)
		return pmt_diff_moment_check(request, until, a);
	return !(kind->block_metrics || kind->with_blocks) ||
	       !a->model->measured.blocks ||
	       pmt_block_check_marks(request, &a->model->block_history);
}

int pmt_diff_trace_read(const struct pmt_report_request *request, const char *path,
			enum pmt_until until, const struct pmt_diff_kind **kind,
			struct pmt_diff_trace *ret_side)
{
	struct pmt_report_request of_side = *request;
	struct pmt_diff_trace side = {.path = path};
	struct pmt_analysis a;

	of_side.trace_path = path;
	int code = load(&of_side, until, *kind, &a);
	if (code != PMT_EXIT_OK)
		return code;
	if (!*kind)
		*kind = pmt_diff_kind_of_moments(&a.model->measured);
	if (!check(&of_side, until, *kind, &a))
		code = PMT_EXIT_USAGE;
	else
		code = fill(&of_side, until, *kind, &a, &side);
	pmt_analysis_close(&a);
	if (code == PMT_EXIT_OK)
		*ret_side = side;
	else
		pmt_diff_trace_close(&side);
	return code;
}

void pmt_diff_trace_close(struct pmt_diff_trace *side)
{
	pmt_keyed_table_close(&side->table);
	json_decref(side->trace);
	free(side->truth);
	free(side->mode);
	free(side->label);
	*side = (struct pmt_diff_trace){0};
}
