/*
 * The inner loop of every pass over a trace.
 *
 * Budget: about 10 ns per record, most of it in pmt_record_decode.
 */
#include "reader/stream_reader.h"

#include <errno.h>
#include <string.h>

#include "format/payload.h"
#include "format/record.h"
#include "format/ring_layout.h"
#include "reader/index.h"
#include "reader/tables.h"
#include "reader/trace_private.h"

void pmt_stream_reader_init(struct pmt_stream_reader *reader, struct pmt_trace *trace,
			    size_t stream, struct pmt_buffer *stored)
{
	memset(reader, 0, sizeof(*reader));
	reader->trace = trace;
	reader->stored = stored;
	reader->first_chunk = trace->stream_first[stream];
	reader->next_chunk = reader->first_chunk;
	reader->end_chunk = trace->stream_first[stream + 1];
	reader->event.stream = trace->streams[stream].number;
}

void pmt_stream_reader_close(struct pmt_stream_reader *reader)
{
	pmt_buffer_free(&reader->raw);
	pmt_block_records_close(&reader->blocks);
	reader->chunk = NULL;
	reader->at = reader->end = NULL;
}

/* Loads the next chunk that has something new; 0, -ENODATA, -ENOMEM. */
static int load_chunk(struct pmt_stream_reader *reader)
{
	struct pmt_trace *trace = reader->trace;

	reader->chunk = NULL;
	while (reader->next_chunk < reader->end_chunk) {
		const struct pmt_chunk *chunk =
		    &trace->chunks[trace->order[reader->next_chunk++]];
		int rc = -EBADMSG;
		if (chunk->readable_to > reader->position)
			rc = pmt_chunk_load(trace, chunk, reader->stored, &reader->raw);
		if (reader->loaded)
			reader->loaded(reader->loaded_context, chunk->stored_bytes);
		if (rc == -ENOMEM)
			return rc;
		if (rc != 0 || chunk->readable_to <= reader->position)
			continue;
		uint64_t skip =
		    chunk->from < reader->position ? reader->position - chunk->from : 0;
		reader->chunk = chunk;
		reader->at = reader->raw.bytes + skip;
		reader->end = reader->raw.bytes + (chunk->readable_to - chunk->from);
		reader->gap_due = chunk->from > reader->position;
		return 0;
	}
	return -ENODATA;
}

/*
 * A lower bound for the time behind a gap: when the chunk before the one that was loaded
 * last was written, its stream had come no further. Without one, that chunk's own time.
 */
static uint64_t tick_behind_gap(const struct pmt_stream_reader *reader)
{
	const struct pmt_trace *trace = reader->trace;
	size_t i = reader->next_chunk - 1;
	uint64_t tick = trace->chunks[trace->order[i]].tick;

	if (i > reader->first_chunk && reader->chunk)
		tick = trace->chunks[trace->order[i - 1]].tick;
	return tick > reader->event.tick ? tick : reader->event.tick;
}

static int give_gap(struct pmt_stream_reader *reader, uint64_t to)
{
	struct pmt_event *event = &reader->event;

	event->tick = tick_behind_gap(reader);
	event->kind = PMT_EVENT_GAP;
	event->tick_known = false;
	pmt_block_records_lose(&reader->blocks);
	event->position = reader->position;
	event->gap_bytes = to - reader->position;
	event->chunk = NULL;
	memset(&event->record, 0, sizeof(event->record));
	reader->position = to;
	reader->gap_due = false;
	return 0;
}

/* The stream's end: a gap there when its last bytes are known to have existed. */
static int finish(struct pmt_stream_reader *reader)
{
	size_t i = pmt_index_find_stream(reader->trace, reader->event.stream);
	uint64_t end = reader->trace->streams[i].end_position;

	return end > reader->position ? give_gap(reader, end) : -ENODATA;
}

static int take_checkpoint(struct pmt_stream_reader *reader)
{
	struct pmt_checkpoint point;

	if (!pmt_payload_get_checkpoint(&reader->event.record, &point))
		return 0;
	reader->event.tick = point.tick;
	reader->event.tick_known = true;
	return pmt_block_records_begin(&reader->blocks, reader->chunk->form);
}

/* Stream 0 has no ticks of its own between checkpoints: its samples tell the time. */
static void take_sample(struct pmt_stream_reader *reader)
{
	struct pmt_sample sample;

	if (!pmt_payload_get_sample(&reader->event.record, &sample))
		return;
	reader->event.tick = sample.tick;
	reader->event.tick_known = true;
}

static int take_extended(struct pmt_stream_reader *reader)
{
	int rc = 0;

	switch (reader->event.record.ext) {
	case PMT_EXT_CHECKPOINT:
		rc = take_checkpoint(reader);
		break;
	case PMT_EXT_SAMPLE:
		take_sample(reader);
		break;
	case PMT_EXT_ALLOC:
	case PMT_EXT_FREE:
	case PMT_EXT_FAULT:
		reader->event.address = pmt_block_records_take(
		    &reader->blocks, &reader->event.record, &reader->event.block);
		break;
	default:
		break;
	}
	if (rc != 0)
		return rc;
	return reader->tables ? pmt_tables_add(reader->tables, &reader->event) : 0;
}

/* Decodes at reader->at; -ENODATA when the chunk is over. */
static int next_record(struct pmt_stream_reader *reader)
{
	struct pmt_event *event = &reader->event;

	while (reader->at < reader->end && *reader->at == PMT_RING_FILLER)
		reader->at++;
	reader->position =
	    reader->chunk->from + (uint64_t)(reader->at - reader->raw.bytes);
	int rc = pmt_record_decode_form(reader->chunk->form, &reader->at, reader->end,
					&event->record);
	if (PMT_UNLIKELY(rc != 0)) {
		if (rc == -EBADMSG)
			pmt_chunk_mark_undecodable(reader->trace, reader->chunk,
						   reader->position);
		return -ENODATA;
	}
	event->kind = PMT_EVENT_RECORD;
	event->position = reader->position;
	event->chunk = reader->chunk;
	event->tick += event->record.ticks;
	if (PMT_UNLIKELY(event->record.op == PMT_OP_EXTENDED))
		return take_extended(reader);
	return 0;
}

int pmt_stream_reader_next(struct pmt_stream_reader *reader)
{
	reader->begun = true;
	for (;;) {
		if (!reader->chunk) {
			int rc = load_chunk(reader);
			if (rc == -ENODATA)
				return finish(reader);
			if (rc != 0)
				return rc;
		}
		if (reader->gap_due)
			return give_gap(reader, reader->chunk->from);
		int rc = next_record(reader);
		if (PMT_LIKELY(rc != -ENODATA))
			return rc;
		reader->chunk = NULL;
	}
}

int pmt_stream_reader_peek(const struct pmt_stream_reader *reader, uint64_t *ret_tick)
{
	struct pmt_stream_reader probe = *reader;
	int rc = pmt_stream_reader_next(&probe);

	if (rc == 0)
		*ret_tick = probe.event.tick;
	pmt_stream_reader_close(&probe);
	return rc;
}
