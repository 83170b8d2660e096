/* From a moment to its tick: one pass for the first tick, the last, and the clock. */
#include "analysis/when.h"

#include <errno.h>

#include "reader/cursor.h"
#include "reader/tables.h"

struct span {
	uint64_t first;
	uint64_t last;
	struct pmt_clock clock;
};

static int read_span(struct pmt_trace *trace, struct pmt_tables *tables,
		     struct span *ret_span)
{
	struct pmt_cursor *cursor = pmt_cursor_new_merged(trace, tables);
	struct span span = {0};
	const struct pmt_event *event;

	if (!cursor)
		return -ENOMEM;
	while ((event = pmt_cursor_next(cursor)) != NULL) {
		if (span.first == 0)
			span.first = event->tick;
		if (event->tick > span.last)
			span.last = event->tick;
	}
	int error = pmt_cursor_error(cursor);
	pmt_cursor_free(cursor);
	if (error)
		return error;
	span.clock = pmt_tables_clock(tables);
	*ret_span = span;
	return 0;
}

static uint64_t since_first_ns(const struct span *span, uint64_t tick)
{
	int64_t ns = pmt_clock_since_ns(&span->clock, tick) -
		     pmt_clock_since_ns(&span->clock, span->first);

	return ns > 0 ? (uint64_t)ns : 0;
}

/* By halves, with the clock that every view shows times by. */
static uint64_t tick_of_time(const struct span *span, uint64_t after_ns)
{
	uint64_t low = span->first, high = span->last;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2 + 1;

		if (since_first_ns(span, middle) <= after_ns)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

int pmt_when_find(const struct pmt_when *when, struct pmt_trace *trace,
		  uint64_t *ret_tick)
{
	struct pmt_tables *tables;
	struct span span;

	if (when->kind == PMT_WHEN_END) {
		*ret_tick = UINT64_MAX;
		return 0;
	}
	tables = pmt_tables_new(trace);
	if (!tables)
		return -ENOMEM;
	int error = read_span(trace, tables, &span);
	pmt_tables_free(tables);
	if (error)
		return error;
	if (when->kind == PMT_WHEN_TIME)
		*ret_tick = tick_of_time(&span, when->after_ns);
	else
		*ret_tick = span.first +
			    (uint64_t)((double)(span.last - span.first) * when->share);
	return 0;
}
