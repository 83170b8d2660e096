/* See info_words.h. */
#include "report/info_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool looks_with_calls(const char *mode)
{
	return strstr(mode, "calls") || strstr(mode, "lines") || !strcmp(mode, "unknown");
}

const char *pmt_info_rss_bound(enum pmt_rss_method method, const char *mode)
{
	if (method != PMT_RSS_OFF && !looks_with_calls(mode))
		return "read some ten times a second while something is recorded; the "
		       "samples have it too";
	switch (method) {
	case PMT_RSS_EXACT:
		return "read at every event behind a page fault or a call that can "
		       "shrink it, 0 pages off; what several threads did between two "
		       "readings is shared out by their faults; swap and reclaim show "
		       "in the samples only";
	case PMT_RSS_TRIGGER:
		return "as exact, but pages that the kernel touched (small reads) are "
		       "seen at the next fault of the program or sample";
	case PMT_RSS_CLOCK:
		return "read at most every 100 us, so a change may be charged to an "
		       "event up to 100 us later; perf is refused here";
	case PMT_RSS_EACH:
		return "read at every event, 0 pages off, and slow";
	case PMT_RSS_OFF:
		break;
	}
	return "not measured by events; the samples have it";
}

const char *pmt_info_ring_name(enum pmt_ring_state state)
{
	static const char *const names[] = {
	    "unnamed", "private",  "gone",    "foreign", "bad",
	    "closed",  "salvaged", "running", "ignored",
	};

	return (unsigned)state < sizeof(names) / sizeof(*names) ? names[state]
								: "unknown";
}

const char *pmt_info_ring_words(const struct pmt_trace *trace, char *text, size_t size)
{
	const struct pmt_trace_ring *ring = pmt_trace_ring(trace);
	struct pmt_trace_end end;

	switch (ring->state) {
	case PMT_RING_UNNAMED:
		snprintf(text, size, "none is known");
		break;
	case PMT_RING_PRIVATE:
		snprintf(text, size, "in the process's own memory: gone with it");
		break;
	case PMT_RING_GONE:
		if (pmt_trace_end(trace, &end))
			snprintf(text, size, "gone: the trace holds everything");
		else
			snprintf(text, size, "%s is not there; what it held is lost",
				 ring->path);
		break;
	case PMT_RING_FOREIGN:
		snprintf(text, size, "%s belongs to another run", ring->path);
		break;
	case PMT_RING_BAD:
		snprintf(text, size, "%s cannot be read", ring->path);
		break;
	case PMT_RING_CLOSED:
		snprintf(text, size, "closed: the trace holds everything");
		break;
	case PMT_RING_SALVAGED:
		snprintf(text, size,
			 "%s: %" PRIu64 " bytes of records come from it; "
			 "'pymemtrace-report recover' folds them into the trace",
			 ring->path, ring->bytes);
		break;
	case PMT_RING_RUNNING:
		snprintf(text, size,
			 "%s: the process still runs, %" PRIu64 " bytes of records were "
			 "taken from it",
			 ring->path, ring->bytes);
		break;
	case PMT_RING_IGNORED:
		snprintf(text, size, "not looked for");
		break;
	}
	return text;
}
