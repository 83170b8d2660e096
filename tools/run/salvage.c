/* Recovery as pymemtrace-report does it, without being asked; see salvage.h. */
#include "config.h"

#include "run/salvage.h"

#include <string.h>

#include "reader/recover.h"
#include "reader/trace.h"

static void describe(struct pmt_trace *trace, struct pmt_salvaged *salvaged)
{
	struct pmt_trace_end end = {0};

	salvaged->is_readable = true;
	salvaged->has_end = pmt_trace_end(trace, &end);
	salvaged->event_count = end.event_count;
	salvaged->still_runs = !salvaged->has_end && pmt_trace_process_runs(trace);
	salvaged->is_damaged = pmt_trace_problem_count(trace) > 0;
	salvaged->file_bytes = pmt_trace_file_bytes(trace);
}

void pmt_salvage(const char *path, int signal, struct pmt_salvaged *ret_salvaged)
{
	struct pmt_recovery recovery = {0};
	struct pmt_trace *trace;

	memset(ret_salvaged, 0, sizeof(*ret_salvaged));
	trace = pmt_trace_open(path, NULL, &ret_salvaged->problem);
	if (trace) {
		pmt_recover_set_signal(trace, signal);
		if (pmt_recover(trace, NULL, &recovery, &ret_salvaged->problem) == 0 &&
		    recovery.written) {
			pmt_trace_close(trace);
			trace = pmt_trace_open(path, NULL, &ret_salvaged->problem);
		}
	}
	if (!trace)
		return;
	describe(trace, ret_salvaged);
	ret_salvaged->ring_bytes = recovery.ring_bytes;
	pmt_trace_close(trace);
}
