/* Running ahead; see log_scout.h. */
#include "report/log_scout.h"

#include <errno.h>

#include "analysis/figures.h"
#include "format/payload.h"

enum {
	/* A stream's clock may lag behind another's by tens of milliseconds. */
	AHEAD_SECONDS = 1,
	/* Not longer than this for what may never come: some 15 ms. */
	AHEAD_EVENTS = 1000000,
};

static void take(struct pmt_log_scout *scout, const struct pmt_event *event)
{
	const struct pmt_record *r = &event->record;
	struct pmt_sample sample;

	if (scout->event_count++ == 0)
		scout->first_tick = event->tick;
	scout->tick = event->tick;
	if (event->kind != PMT_EVENT_RECORD)
		return;
	scout->has_lines = scout->has_lines || r->op == PMT_OP_LINE;
	scout->is_rss_measured = scout->is_rss_measured || r->deltas.rss_pages != 0;
	scout->rss_pages = pmt_sum_wrapping(scout->rss_pages, r->deltas.rss_pages);
	if (scout->is_base_known || r->op != PMT_OP_EXTENDED ||
	    r->ext != PMT_EXT_SAMPLE || !pmt_payload_get_sample(r, &sample))
		return;
	scout->is_base_known = true;
	scout->rss_base_bytes = pmt_sum_wrapping(
	    (int64_t)sample.rss_bytes,
	    -pmt_pages_to_bytes(scout->rss_pages, (uint32_t)scout->page_bytes));
}

/* The next event; false at the end. */
static bool step(struct pmt_log_scout *scout)
{
	const struct pmt_event *event =
	    scout->is_over ? NULL : pmt_cursor_next(scout->cursor);

	if (event)
		take(scout, event);
	scout->is_over = !event;
	return event != NULL;
}

int pmt_log_scout_open(struct pmt_log_scout *scout, struct pmt_trace *trace,
		       struct pmt_tables *tables)
{
	const struct pmt_file_header *header = pmt_trace_header(trace);

	*scout = (struct pmt_log_scout){
	    .cursor = pmt_cursor_new_merged(trace, tables),
	    .ahead_ticks = header->ticks_per_second * AHEAD_SECONDS,
	    .page_bytes = header->page_bytes,
	};
	if (!scout->cursor)
		return -ENOMEM;
	while (scout->event_count < AHEAD_EVENTS &&
	       !(scout->is_base_known && scout->is_rss_measured) && step(scout))
		;
	return pmt_cursor_error(scout->cursor);
}

int pmt_log_scout_follow(struct pmt_log_scout *scout, uint64_t event_count, uint64_t tick)
{
	while (scout->event_count <= event_count ||
	       (scout->event_count - event_count < AHEAD_EVENTS &&
		scout->tick - tick < scout->ahead_ticks))
		if (!step(scout))
			break;
	return pmt_cursor_error(scout->cursor);
}

void pmt_log_scout_close(struct pmt_log_scout *scout)
{
	pmt_cursor_free(scout->cursor);
	scout->cursor = NULL;
}
