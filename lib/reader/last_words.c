/* A pass over all events, and the records that it shows to be missing. */
#include "reader/last_words.h"

#include <errno.h>
#include <string.h>

#include "base/varint.h"
#include "format/payload.h"
#include "reader/cursor.h"
#include "reader/recover.h"
#include "reader/tables.h"
#include "reader/trace_private.h"

/* Room for the losses of all causes and the end record. */
enum { LAST_WORDS_BYTES = (PMT_LOSS_COUNT + 2) * 64 };

/* Events of one stream: by its last checkpoint, and those behind it. */
static int count_stream(struct pmt_trace *trace, uint32_t stream,
			struct pmt_tables *tables, uint64_t *ret_events)
{
	struct pmt_cursor *cursor = pmt_cursor_new(trace, stream, tables);
	const struct pmt_event *e;
	struct pmt_checkpoint point;
	uint64_t events = 0;

	if (!cursor)
		return -ENOMEM;
	while ((e = pmt_cursor_next(cursor))) {
		const struct pmt_record *r = &e->record;
		if (e->kind == PMT_EVENT_GAP)
			continue;
		if (r->op != PMT_OP_EXTENDED || r->ext == PMT_EXT_C_CALL ||
		    r->ext == PMT_EXT_C_RETURN || r->ext == PMT_EXT_C_RAISE)
			events++;
		else if (r->ext == PMT_EXT_CHECKPOINT &&
			 pmt_payload_get_checkpoint(r, &point))
			events = point.event_count;
	}
	int rc = pmt_cursor_error(cursor);
	pmt_cursor_free(cursor);
	*ret_events = events;
	return rc;
}

int pmt_last_words_count(struct pmt_trace *trace, struct pmt_last_words *ret_count)
{
	struct pmt_tables *tables = pmt_tables_new(trace);
	int rc = tables ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < trace->stream_count; i++) {
		uint64_t events = 0;
		rc = count_stream(trace, trace->streams[i].number, tables, &events);
		ret_count->events += events;
	}
	for (unsigned cause = 0; rc == 0 && cause < PMT_LOSS_COUNT; cause++)
		ret_count->lost[cause] = pmt_tables_lost(tables, cause);
	pmt_tables_free(tables);
	return rc;
}

static uint8_t *put_record(uint8_t *p, unsigned ext, const uint64_t *fields,
			   unsigned count)
{
	uint8_t payload[4 * PMT_VARINT_MAX_BYTES], *end = payload;

	for (unsigned i = 0; i < count; i++)
		end = pmt_varint_put(end, fields[i]);
	*p++ = PMT_OP_EXTENDED;
	*p++ = (uint8_t)ext;
	return pmt_payload_put_text(
	    p, (struct pmt_text){(const char *)payload, (size_t)(end - payload)});
}

bool pmt_last_words_was_killed(const struct pmt_trace *trace)
{
	return !trace->ended &&
	       (trace->ring.state == PMT_RING_SALVAGED ||
		(trace->end_signal != 0 && !pmt_trace_process_runs(trace)));
}

static uint8_t *put_end(const struct pmt_trace *trace, uint8_t *p, uint64_t event_count)
{
	uint8_t payload[2 * PMT_PAYLOAD_FIXED_BYTES], *end;
	const char *value = trace->ring.state == PMT_RING_SALVAGED ? PMT_RECOVERED_RING
								   : PMT_RECOVERED_FILE;

	end = pmt_payload_put_text(
	    payload, (struct pmt_text){PMT_RECOVERED_KEY, strlen(PMT_RECOVERED_KEY)});
	end = pmt_payload_put_text(end, (struct pmt_text){value, strlen(value)});
	*p++ = PMT_OP_EXTENDED;
	*p++ = PMT_EXT_INFO;
	p = pmt_payload_put_text(
	    p, (struct pmt_text){(const char *)payload, (size_t)(end - payload)});
	return put_record(
	    p, PMT_EXT_END,
	    (uint64_t[]){PMT_END_SIGNAL, pmt_zigzag(trace->end_signal), event_count}, 3);
}

int pmt_last_words_write(struct pmt_trace *trace, struct pmt_chunk_writer *writer,
			 const struct pmt_last_words *count)
{
	uint8_t words[LAST_WORDS_BYTES], *p = words;
	const struct pmt_stream *zero = pmt_trace_find_stream(trace, 0);

	for (unsigned cause = 0; cause < PMT_LOSS_COUNT; cause++) {
		uint64_t all = trace->ring.lost[cause];
		if (all > count->lost[cause])
			p = put_record(
			    p, PMT_EXT_LOSS,
			    (uint64_t[]){cause, all - count->lost[cause], 0, 0}, 4);
	}
	if (pmt_last_words_was_killed(trace))
		p = put_end(trace, p, count->events);
	if (p == words)
		return 0;
	return pmt_chunk_writer_add(writer, 0, zero ? zero->end_position : 0, words,
				    (size_t)(p - words), 0);
}
