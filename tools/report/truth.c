/* Losses in words: what happened, and what it means for the figures above. */
#include "report/truth.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "cli/figure_text.h"
#include "cli/paint.h"
#include "cli/wrap.h"
#include "reader/recover.h"
#include "report/facts.h"

struct speech {
	const struct pmt_report_request *request;
	unsigned lines;
};

static void say(struct speech *s, const char *format, ...) PMT_PRINTF(2, 3);

static void say(struct speech *s, const char *format, ...)
{
	char text[600];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fputs(pmt_paint(s->request->color, PMT_PAINT_WARN), s->request->out);
	s->lines +=
	    pmt_wrap_print(s->request->out, "! ", text, s->request->width_columns);
	fputs(pmt_paint(s->request->color, PMT_PAINT_NONE), s->request->out);
}

static const char *in_words(unsigned cause)
{
	switch (cause) {
	case PMT_LOSS_RING_FULL:
		return "events were lost: the program made them faster than they could "
		       "be written. Calls around them are [unknown]";
	case PMT_LOSS_REENTERED:
		return "events of signal handlers were lost: they came while another "
		       "was being recorded";
	case PMT_LOSS_NO_RING:
		return "events were lost: no memory for the rings of further threads";
	case PMT_LOSS_NO_NAME:
		return "functions have no name: it could not be recorded";
	case PMT_LOSS_TREE_FULL:
		return "calls were counted at the call above them: the tree in the "
		       "process was full";
	case PMT_LOSS_DETACHED:
		return "times the tracer's hook was taken off or replaced: calls since "
		       "then are missing";
	case PMT_LOSS_NOT_WRITTEN:
		return "events were lost: the trace could not be written (disk full?) "
		       "and the rings were full. Calls around them are [unknown]";
	case PMT_LOSS_BLOCKS_FULL:
		return "blocks are not among what is live: the table of live blocks was "
		       "full (live_size=)";
	case PMT_LOSS_BLOCK_BUSY:
		return "blocks, or ends of blocks, are missing from what is live: other "
		       "threads were at the table of live blocks";
	case PMT_LOSS_PLACES_FULL:
		return "allocations were counted without their stack: there were too "
		       "many different ones";
	default:
		return "losses of a kind that this version does not know";
	}
}

/* Recovery has seen whether the ring was there. */
static void say_killed(struct speech *s, const struct pmt_analysis *a)
{
	char how[64];
	const char *recovered = pmt_tables_info(a->tables, PMT_RECOVERED_KEY);
	bool has_all = recovered && strcmp(recovered, PMT_RECOVERED_RING) == 0;

	pmt_facts_signal(a->losses.status, how, sizeof(how));
	say(s, "The program has no end: it was %s. %s", how,
	    has_all ? "All it had recorded until then is here; at most the event under "
		      "way is missing."
		    : "What was not in the file by then is lost: up to its last second, "
		      "or more.");
}

static void say_end(struct speech *s, const struct pmt_analysis *a)
{
	enum pmt_ring_state ring = pmt_trace_ring(a->trace)->state;

	if (a->losses.ended && a->losses.how == PMT_END_SIGNAL)
		say_killed(s, a);
	else if (a->losses.ended)
		return;
	else if (a->losses.running)
		say(s, "The process still runs: this is a snapshot.");
	else if (ring == PMT_RING_SALVAGED)
		say(s, "The trace has no end: the process was killed or crashed. All it "
		       "had recorded until then is here; at most the event under way is "
		       "missing.");
	else
		say(s, "The trace has no end: the process was killed or crashed, or the "
		       "file is cut. Its last moments may be missing.");
}

static void say_losses(struct speech *s, const struct pmt_losses *losses)
{
	char text[PMT_FIGURE_BYTES];

	for (unsigned cause = 0; cause <= PMT_LOSS_COUNT; cause++) {
		uint64_t count = losses->lost[cause];

		if (count == 0)
			continue;
		if (cause == PMT_LOSS_UNWRITABLE)
			say(s, "%s of the trace could not be written (disk full?).",
			    pmt_figure_bytes(text, count, false));
		else
			say(s, "%s %s.", pmt_figure_count(text, count, true),
			    in_words(cause));
	}
}

/* Where, when and how many: of one place all that is known, of several the sum. */
static void say_missing(struct speech *s, const struct pmt_analysis *a)
{
	char bytes[PMT_FIGURE_BYTES], count[PMT_FIGURE_BYTES];
	char where[PMT_GAP_TEXT_BYTES] = "the file does not tell where";
	const struct pmt_gaps *gaps = &a->model->gaps;

	if (a->model->gap_count == 1)
		pmt_facts_gap(a, &gaps->kept[0], where, sizeof(where));
	else if (a->model->gap_count > 1)
		snprintf(where, sizeof(where),
			 "%s%s events in %" PRIu64 " places; 'pymemtrace-report info' "
			 "lists them",
			 gaps->has_unknown ? "at least " : "",
			 pmt_figure_count(count, gaps->event_count, true),
			 a->model->gap_count);
	say(s, "%s of records are missing: %s. Changes in them are charged to [unknown].",
	    pmt_figure_bytes(bytes, a->losses.missing_bytes, false), where);
}

static void say_damage(struct speech *s, const struct pmt_analysis *a)
{
	char text[PMT_FIGURE_BYTES];
	uint64_t problems = a->losses.problem_count;

	if (problems > 0)
		say(s, "The file is damaged or cut in %s place%s.",
		    pmt_figure_count(text, problems, true), problems == 1 ? "" : "s");
	if (a->losses.missing_bytes > 0)
		say_missing(s, a);
}

static void say_doubts(struct speech *s, const struct pmt_analysis *a)
{
	char text[PMT_FIGURE_BYTES];
	const struct pmt_record_counts *counts = &a->model->counts;

	if (a->losses.folded_count > 0)
		say(s,
		    "More than %s call paths: further ones are folded into those above. "
		    "Figures of functions are right, inclusive ones may be too low.",
		    pmt_figure_count(text, a->model->options.node_limit, true));
	if (counts->points > 0)
		say(s,
		    "Only events around a jump were written (min_rss, min_alloc); %s "
		    "were not. There are no call counts and no call paths.",
		    pmt_figure_count(text, counts->skipped, true));
	if (a->model->sample_mean_bytes) {
		char mean[PMT_FIGURE_BYTES];

		say(s,
		    "What malloc and mmap did in functions, lines and stacks is "
		    "estimated "
		    "from %s sample%s, one in %s on average. Totals of threads and of "
		    "the "
		    "process are exact.",
		    pmt_figure_count(text, counts->allocs, true),
		    counts->allocs == 1 ? "" : "s",
		    pmt_figure_bytes(mean, a->model->sample_mean_bytes, false));
	}
	if (a->model->collections.gone_count)
		say(s,
		    "Collections are not seen from %s on: the program took the tracer "
		    "out of gc.callbacks.",
		    pmt_figure_duration(text, pmt_analysis_since_start_ns(
						  a, a->model->collections.gone_tick)));
	const char *drain = pmt_tables_info(a->tables, "drain");
	if (drain && strcmp(drain, "refused") == 0)
		say(s,
		    "The tracer was refused a thread of its own: there are no samples, "
		    "or not all, and peaks are those at the events.");
	if (a->model->summed_after_events)
		say(s,
		    "The trace reached max_size %s after its beginning: from then on "
		    "calls are summed per call path, without their times.",
		    pmt_figure_duration(text, pmt_analysis_since_start_ns(
						  a, a->model->summed_since_tick)));
	if (a->losses.pause_count > 0)
		say(s, "Tracing was paused; changes meanwhile are under [paused].");
	if (counts->events == 0 && counts->blocks == 0 &&
	    a->model->tree_nodes.count == 0 && !a->model->measured.types &&
	    a->model->live.state_count == 0)
		say(s, "No Python call was recorded%s.",
		    counts->samples > 0 ? ": there are only samples" : "");
}

unsigned pmt_truth_print(const struct pmt_report_request *request,
			 const struct pmt_analysis *analysis)
{
	struct speech s = {.request = request};

	say_end(&s, analysis);
	say_losses(&s, &analysis->losses);
	say_damage(&s, analysis);
	say_doubts(&s, analysis);
	return s.lines;
}
