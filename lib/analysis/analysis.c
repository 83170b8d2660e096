/* From a path to a model: open, one merged pass, finish. */
#include "analysis/analysis.h"

#include <errno.h>
#include <stdlib.h>

static int read_events(struct pmt_analysis *analysis)
{
	struct pmt_cursor *cursor =
	    pmt_cursor_new_merged(analysis->trace, analysis->tables);
	const struct pmt_event *event;
	int error = 0;

	if (!cursor)
		return -ENOMEM;
	while (!error && (event = pmt_cursor_next(cursor)) != NULL)
		error = pmt_model_add_event(analysis->model, event);
	if (!error)
		error = pmt_cursor_error(cursor);
	pmt_cursor_free(cursor);
	return error;
}

static int read_trace(struct pmt_analysis *analysis,
		      const struct pmt_analysis_options *options)
{
	const struct pmt_file_header *header = pmt_trace_header(analysis->trace);
	struct pmt_model_options model = {0};
	int error;

	if (options)
		model = options->model;
	/* Stream 0 is the process's own. */
	model.block_history.is_alone = pmt_trace_stream_count(analysis->trace) <= 2;

	if (model.block_history_to.kind != PMT_WHEN_END) {
		error = pmt_when_find(&model.block_history_to, analysis->trace,
				      &model.block_history.to_tick);
		if (error)
			return error;
	}
	analysis->tables = pmt_tables_new(analysis->trace);
	analysis->model = calloc(1, sizeof(*analysis->model));
	if (!analysis->tables || !analysis->model)
		return -ENOMEM;
	error = pmt_model_init(analysis->model, analysis->tables, header->page_bytes,
			       header->ticks_per_second, &model);
	if (!error)
		error = read_events(analysis);
	if (!error)
		error = pmt_model_finish(analysis->model);
	return error;
}

int pmt_analysis_open(const char *path, const struct pmt_analysis_options *options,
		      struct pmt_analysis *ret_analysis, struct pmt_problem *ret_problem)
{
	struct pmt_trace_options trace_options = {0};
	struct pmt_analysis analysis = {0};

	if (options) {
		trace_options.progress = options->progress;
		trace_options.progress_context = options->progress_context;
	}
	analysis.trace = pmt_trace_open(path, &trace_options, ret_problem);
	if (!analysis.trace)
		return ret_problem->kind == PMT_PROBLEM_MEMORY ? -ENOMEM : -EBADMSG;
	int error = read_trace(&analysis, options);
	if (error) {
		pmt_problem_set(ret_problem, PMT_PROBLEM_MEMORY, path, 0,
				error == -ENOMEM ? "not enough memory to read it"
						 : "calls nested beyond any program's");
		pmt_analysis_close(&analysis);
		return error;
	}
	analysis.losses = pmt_losses_of(analysis.trace, analysis.tables, analysis.model);
	analysis.clock = pmt_tables_clock(analysis.tables);
	*ret_analysis = analysis;
	return 0;
}

void pmt_analysis_close(struct pmt_analysis *analysis)
{
	if (analysis->model)
		pmt_model_close(analysis->model);
	free(analysis->model);
	pmt_tables_free(analysis->tables);
	pmt_trace_close(analysis->trace);
	*analysis = (struct pmt_analysis){0};
}

int64_t pmt_analysis_since_start_ns(const struct pmt_analysis *analysis, uint64_t tick)
{
	const struct pmt_clock *clock = &analysis->clock;

	return pmt_clock_since_ns(clock, tick) -
	       pmt_clock_since_ns(clock, analysis->model->first_tick);
}

int64_t pmt_analysis_duration_ns(const struct pmt_analysis *analysis, uint64_t ticks)
{
	struct pmt_clock from_zero = analysis->clock;

	from_zero.tick = 0;
	return pmt_clock_since_ns(&from_zero, ticks);
}

enum pmt_rss_method pmt_analysis_rss_method(const struct pmt_analysis *analysis)
{
	enum pmt_rss_method method = PMT_RSS_OFF;

	/* EACH, EXACT, TRIGGER, CLOCK: from the most exact to the least. */
	for (size_t i = 0; i < pmt_tables_thread_count(analysis->tables); i++) {
		const struct pmt_thread_info *t =
		    pmt_tables_thread_at(analysis->tables, i);

		if (!t->defined || t->rss_method == PMT_RSS_OFF)
			continue;
		if (method == PMT_RSS_OFF || method == PMT_RSS_EACH ||
		    (t->rss_method != PMT_RSS_EACH && t->rss_method > method))
			method = t->rss_method;
	}
	return method;
}
