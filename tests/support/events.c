/* Renders events for comparison; see events.h. */
#include "support/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print_deltas(FILE *out, const struct pmt_deltas *d)
{
	fprintf(out,
		" m%" PRIu64 "/%" PRIu64 "-%" PRIu64 "/%" PRIu64 " o%" PRIu64 "/%" PRIu64
		" r%" PRId64 " a%" PRId64 " f%" PRId64,
		d->allocated_bytes, d->allocated_count, d->freed_bytes, d->freed_count,
		d->object_bytes, d->object_count, d->rss_pages, d->mapped_bytes,
		d->file_mapped_bytes);
}

static void print_event(FILE *out, const struct pmt_event *e)
{
	const struct pmt_record *r = &e->record;

	if (e->kind == PMT_EVENT_GAP) {
		fprintf(out, "s%u gap %" PRIu64 "+%" PRIu64 "\n", e->stream, e->position,
			e->gap_bytes);
		return;
	}
	fprintf(out, "s%u @%" PRIu64 " t%" PRIu64 "%s op%u ext%02x code%u line%" PRIu64,
		e->stream, e->position, e->tick, e->tick_known ? "" : "?", r->op, r->ext,
		r->code_id, r->line);
	print_deltas(out, &r->deltas);
	for (size_t i = 0; i < r->payload_bytes; i++)
		fprintf(out, "%s%02x", i ? "" : " ", r->payload[i]);
	fputc('\n', out);
}

char *test_events_text(struct pmt_trace *trace, int64_t stream)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct pmt_cursor *cursor = stream < 0
					? pmt_cursor_new_merged(trace, NULL)
					: pmt_cursor_new(trace, (uint32_t)stream, NULL);
	const struct pmt_event *e;

	if (!out)
		abort();
	while (cursor && (e = pmt_cursor_next(cursor)))
		print_event(out, e);
	if (cursor && pmt_cursor_error(cursor))
		abort();
	pmt_cursor_free(cursor);
	fclose(out);
	return text;
}
