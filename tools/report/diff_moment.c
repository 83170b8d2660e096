/* Moments in words. */
#include "config.h"

#include "report/diff_moment.h"

#include <stdio.h>
#include <string.h>

#include "cli/figure_text.h"
#include "cli/message.h"

/* Behind the last mark: the interpreter's end, or the trace's. */
static bool is_end(const struct pmt_report_request *request, enum pmt_until until)
{
	return until == PMT_UNTIL_TO && !request->region &&
	       (!request->to_mark || strcmp(request->to_mark, PMT_TO_EXIT) == 0);
}

static bool is_begin(const struct pmt_report_request *request, enum pmt_until until)
{
	return until == PMT_UNTIL_FROM && !request->region && !request->from_mark;
}

static uint64_t tick_of(enum pmt_until until, const struct pmt_model *model)
{
	if (until == PMT_UNTIL_FROM)
		return model->stretch.has_begun && model->stretch.from_tick
			   ? model->stretch.from_tick
			   : model->first_tick;
	return model->stretch.has_ended ? model->stretch.to_tick : model->last_tick;
}

int64_t pmt_diff_moment_ns(enum pmt_until until, const struct pmt_analysis *a)
{
	return pmt_analysis_since_start_ns(a, tick_of(until, a->model));
}

/* What the trace has not, of the moments up to this one. */
static void say_missing(const struct pmt_report_request *request,
			const struct pmt_stretch *stretch)
{
	bool has_begun = stretch->has_begun;

	if (request->region)
		pmt_message_error("the program never %s the region '%s'; "
				  "'pymemtrace-report timeline' lists them",
				  has_begun ? "ended" : "began", request->region);
	else
		pmt_message_error(
		    "the program never set the mark '%s'%s; "
		    "'pymemtrace-report timeline' lists them",
		    has_begun ? request->to_mark : request->from_mark,
		    has_begun && request->from_mark ? " behind that of --from" : "");
}

static bool is_met(const struct pmt_report_request *request, enum pmt_until until,
		   const struct pmt_model *model)
{
	if (is_begin(request, until) ||
	    (is_end(request, until) && model->stretch.has_begun) ||
	    pmt_stretch_is_at(&model->stretch, until))
		return true;
	say_missing(request, &model->stretch);
	return false;
}

bool pmt_diff_moment_check(const struct pmt_report_request *request, enum pmt_until until,
			   const struct pmt_analysis *a)
{
	const struct pmt_model *model = a->model;

	if (!is_met(request, until, model))
		return false;
	if (is_begin(request, until) || model->summed_since_tick == 0 ||
	    model->summed_since_tick > tick_of(until, model))
		return true;
	pmt_message_error("%s: its calls are summed per call path, without their times "
			  "(detail=tree or max_size): moments of it cannot be compared",
			  request->trace_path);
	return false;
}

char *pmt_diff_moment_label(const struct pmt_report_request *request,
			    enum pmt_until until, const struct pmt_analysis *a)
{
	bool is_from = until == PMT_UNTIL_FROM;
	const char *mark = is_from ? request->from_mark : request->to_mark;
	const char *path = request->trace_path;
	char time[PMT_FIGURE_BYTES];
	char *label = NULL;
	int size;

	pmt_figure_duration(time, pmt_diff_moment_ns(until, a));
	if (request->region)
		size = asprintf(&label, "%s, %s of '%s' at %s", path,
				is_from ? "begin" : "end", request->region, time);
	else if (is_begin(request, until))
		size = asprintf(&label, "%s, its begin", path);
	else if (is_end(request, until))
		size = asprintf(&label, "%s, %s at %s", path,
				a->model->stretch.has_ended && !mark
				    ? "where Python began to end"
				    : "its end",
				time);
	else
		size = asprintf(&label, "%s, mark '%s' at %s", path, mark, time);
	return size < 0 ? NULL : label;
}
