/*
 * Reads chunks of stream 0 while the trace is being opened, before there are cursors.
 * The ring's name is in its first chunk, the end record in its last, unless one of
 * them is damaged.
 */
#include "reader/stream_zero.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "format/payload.h"
#include "format/record.h"
#include "reader/chunk.h"
#include "reader/index.h"
#include "reader/trace_private.h"

struct search {
	struct pmt_buffer stored;
	struct pmt_buffer raw;
	char *ring_path;
	bool ended;
	struct pmt_trace_end end;
};

static void close_search(struct search *s)
{
	pmt_buffer_free(&s->stored);
	pmt_buffer_free(&s->raw);
}

static int take_info(struct search *s, const struct pmt_record *r)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	struct pmt_text key, value;

	if (!pmt_payload_get_text(&p, end, &key) ||
	    !pmt_payload_get_text(&p, end, &value) || key.size != 4 ||
	    memcmp(key.bytes, "ring", 4) != 0)
		return 0;
	free(s->ring_path);
	s->ring_path = strndup(value.bytes, value.size);
	return s->ring_path ? 0 : -ENOMEM;
}

static void take_end(struct search *s, const struct pmt_record *r)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	uint64_t how, status, events;

	if (!pmt_varint_get(&p, end, &how) || !pmt_varint_get(&p, end, &status) ||
	    !pmt_varint_get(&p, end, &events) || how > UINT8_MAX)
		return;
	s->ended = true;
	s->end = (struct pmt_trace_end){
	    .how = (enum pmt_end)how,
	    .status = pmt_unzigzag(status),
	    .event_count = events,
	};
}

/* A sample behind an end record: an exec that failed, the process went on. */
static int take_record(struct search *s, const struct pmt_record *r)
{
	if (r->op != PMT_OP_EXTENDED)
		return 0;
	if (r->ext == PMT_EXT_INFO)
		return take_info(s, r);
	if (r->ext == PMT_EXT_END)
		take_end(s, r);
	else if (r->ext == PMT_EXT_SAMPLE)
		s->ended = false;
	return 0;
}

/* 0 also when the chunk is damaged: cursors will say so again. */
static int search_chunk(struct pmt_trace *trace, struct search *s,
			const struct pmt_chunk *chunk)
{
	int rc = pmt_chunk_load(trace, chunk, &s->stored, &s->raw);

	if (rc != 0)
		return rc == -ENOMEM ? rc : 0;
	const uint8_t *at = s->raw.bytes;
	const uint8_t *end = at + (chunk->readable_to - chunk->from);
	struct pmt_record record;
	while (rc == 0 && pmt_record_decode_form(chunk->form, &at, end, &record) == 0)
		rc = take_record(s, &record);
	return rc;
}

int pmt_stream_zero_ring_path(struct pmt_trace *trace, char **ret_path)
{
	struct search s = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && !s.ring_path && i < trace->chunk_count; i++)
		if (trace->chunks[i].stream == 0)
			rc = search_chunk(trace, &s, &trace->chunks[i]);
	close_search(&s);
	if (rc == 0 && !s.ring_path)
		rc = -ENOENT;
	if (rc == 0)
		*ret_path = s.ring_path;
	else
		free(s.ring_path);
	return rc;
}

int pmt_stream_zero_find_end(struct pmt_trace *trace)
{
	size_t i = pmt_index_find_stream(trace, 0);
	struct search s = {0};
	int rc = 0;

	if (i == trace->stream_count)
		return 0;
	size_t last = trace->stream_first[i + 1] - 1;
	while (last > trace->stream_first[i] &&
	       trace->chunks[trace->order[last]].is_contexts)
		last--;
	rc = search_chunk(trace, &s, &trace->chunks[trace->order[last]]);
	trace->ended = s.ended;
	trace->end = s.end;
	close_search(&s);
	free(s.ring_path);
	return rc;
}
