/*
 * The view "dump": the trace as it lies in the file, chunk by chunk and record by
 * record, with offsets and bytes; doc/format.md explains what is seen. Damage shows in
 * its place, and what is readable around it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "format/ring_layout.h"
#include "reader/block_records.h"
#include "reader/chunk.h"
#include "report/facts.h"
#include "report/open.h"
#include "report/record_fields.h"
#include "report/view.h"

enum { SHOWN_BYTES = 12 };

/* Of a stream what its next chunk is understood with. */
struct dump_stream {
	uint32_t number;
	uint64_t position; /* behind what was shown */
	struct pmt_block_records blocks;
};

struct dump {
	const struct pmt_report_request *request;
	struct pmt_trace *trace;
	struct pmt_fields fields;
	struct pmt_buffer stored;
	struct pmt_buffer raw;
	uint64_t file_offset; /* behind the last chunk of the file that was shown */
	uint64_t records_left;
	bool failed; /* memory ran out */
	struct dump_stream *streams;
	size_t stream_count;
};

static bool is_json(const struct dump *d)
{
	return d->fields.style == PMT_FIELDS_JSON;
}

/* Begins a line: words in text, an object with a member "line" in JSON. */
static void begin_line(struct dump *d, const char *words)
{
	pmt_fields_begin(&d->fields);
	if (is_json(d))
		pmt_fields_word(&d->fields, "line", words);
	else
		fputs(words, d->request->out);
}

static void dump_header(struct dump *d)
{
	const struct pmt_file_header *h = pmt_trace_header(d->trace);
	char run_id[33];

	begin_line(d, "trace");
	pmt_fields_unsigned(&d->fields, "offset", 0);
	pmt_fields_unsigned(&d->fields, "version", h->version);
	pmt_fields_unsigned(&d->fields, "header_bytes", h->header_bytes);
	pmt_fields_hex(&d->fields, "flags", h->flags);
	pmt_fields_word(&d->fields, "run_id", pmt_facts_run_id(h, run_id));
	pmt_fields_unsigned(&d->fields, "pid", h->pid);
	pmt_fields_unsigned(&d->fields, "generation", h->generation);
	pmt_fields_unsigned(&d->fields, "process_start", h->process_start);
	pmt_fields_unsigned(&d->fields, "ticks_per_second", h->ticks_per_second);
	pmt_fields_unsigned(&d->fields, "page_bytes", h->page_bytes);
	pmt_fields_hex(&d->fields, "crc", h->crc);
	pmt_fields_end(&d->fields);
	d->file_offset = h->header_bytes;
}

static void dump_hole(struct dump *d, uint64_t end)
{
	if (end <= d->file_offset)
		return;
	begin_line(d, "damage");
	pmt_fields_unsigned(&d->fields, "offset", d->file_offset);
	pmt_fields_unsigned(&d->fields, "bytes", end - d->file_offset);
	pmt_fields_end(&d->fields);
}

static void dump_chunk_header(struct dump *d, const struct pmt_chunk *chunk)
{
	bool in_ring = chunk->source == PMT_SOURCE_RING;

	begin_line(d, in_ring ? "ring" : "chunk");
	if (!in_ring)
		pmt_fields_unsigned(&d->fields, "offset", chunk->offset);
	pmt_fields_unsigned(&d->fields, "stream", chunk->stream);
	pmt_fields_unsigned(&d->fields, "from", chunk->from);
	pmt_fields_unsigned(&d->fields, "to", chunk->to);
	if (!in_ring) {
		pmt_fields_unsigned(&d->fields, "tick", chunk->tick);
		pmt_fields_unsigned(&d->fields, "stored_bytes", chunk->stored_bytes);
		pmt_fields_word(&d->fields, "codec",
				chunk->codec == PMT_CODEC_LZ4    ? "lz4"
				: chunk->codec == PMT_CODEC_NONE ? "none"
								 : "unknown");
		pmt_fields_hex(&d->fields, "payload_crc", chunk->payload_crc);
	}
	if (chunk->form == PMT_FORM_BLOCKS)
		pmt_fields_word(&d->fields, "form", "blocks");
	pmt_fields_end(&d->fields);
}

/* "     123  07 20 2a ..            CHECKPOINT" and the fields. */
static void dump_record(struct dump *d, uint64_t position, const uint8_t *begin,
			const uint8_t *end, const struct pmt_record *r)
{
	FILE *out = d->request->out;
	size_t size = (size_t)(end - begin);

	pmt_fields_begin(&d->fields);
	if (is_json(d)) {
		pmt_fields_word(&d->fields, "line", "record");
		pmt_fields_unsigned(&d->fields, "position", position);
		pmt_fields_bytes(&d->fields, "hex", begin, size);
		pmt_fields_word(&d->fields, "record", pmt_record_name(r));
	} else {
		fprintf(out, "%8" PRIu64 " ", position);
		for (size_t i = 0; i < SHOWN_BYTES; i++)
			if (i < size && (size <= SHOWN_BYTES || i + 1 < SHOWN_BYTES))
				fprintf(out, " %02x", begin[i]);
			else
				fputs(i + 1 == SHOWN_BYTES && size > SHOWN_BYTES ? " .."
										 : "   ",
				      out);
		fprintf(out, "  %s", pmt_record_name(r));
	}
	pmt_record_fields(&d->fields, r);
	pmt_fields_end(&d->fields);
}

/* NULL: no memory. */
static struct dump_stream *stream_of(struct dump *d, uint32_t number)
{
	for (size_t i = d->stream_count; i-- > 0;)
		if (d->streams[i].number == number)
			return &d->streams[i];
	struct dump_stream *grown =
	    reallocarray(d->streams, d->stream_count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	d->streams = grown;
	grown[d->stream_count] = (struct dump_stream){.number = number};
	return &grown[d->stream_count++];
}

/* Gives a short record its payload where it is known. 0 or -ENOMEM. */
static int understand(struct dump_stream *s, enum pmt_form form, struct pmt_record *r)
{
	struct pmt_event_block block;

	if (r->op != PMT_OP_EXTENDED)
		return 0;
	if (r->ext == PMT_EXT_CHECKPOINT)
		return pmt_block_records_begin(&s->blocks, form);
	if (r->ext == PMT_EXT_ALLOC || r->ext == PMT_EXT_FREE || r->ext == PMT_EXT_FAULT)
		if (s->blocks.is_known || !r->is_coded)
			pmt_block_records_take(&s->blocks, r, &block);
	return 0;
}

static void dump_filler(struct dump *d, uint64_t position, uint64_t bytes)
{
	if (is_json(d)) {
		begin_line(d, "filler");
		pmt_fields_unsigned(&d->fields, "position", position);
		pmt_fields_unsigned(&d->fields, "bytes", bytes);
		pmt_fields_end(&d->fields);
		return;
	}
	fprintf(d->request->out,
		"%8" PRIu64
		"  ff ..                                 filler bytes=%" PRIu64 "\n",
		position, bytes);
}

static void dump_records(struct dump *d, const struct pmt_chunk *chunk)
{
	const uint8_t *begin = d->raw.bytes, *at = begin;
	const uint8_t *end = begin + (chunk->readable_to - chunk->from);
	struct dump_stream *stream = stream_of(d, chunk->stream);
	struct pmt_record r;

	if (!stream) {
		d->failed = true;
		return;
	}
	if (stream->position != chunk->from)
		pmt_block_records_lose(&stream->blocks);
	stream->position = chunk->to;
	while (at < end && d->records_left > 0) {
		const uint8_t *filler = at;
		while (at < end && *at == PMT_RING_FILLER)
			at++;
		if (at > filler)
			dump_filler(d, chunk->from + (uint64_t)(filler - begin),
				    (uint64_t)(at - filler));
		const uint8_t *record = at;
		uint64_t position = chunk->from + (uint64_t)(record - begin);
		if (at == end)
			break;
		if (pmt_record_decode_form(chunk->form, &at, end, &r) != 0) {
			pmt_chunk_mark_undecodable(d->trace, chunk, position);
			pmt_block_records_lose(&stream->blocks);
			break;
		}
		if (understand(stream, chunk->form, &r) != 0) {
			d->failed = true;
			break;
		}
		dump_record(d, position, record, at, &r);
		d->records_left--;
	}
}

static void dump_chunk(struct dump *d, const struct pmt_chunk *chunk)
{
	uint64_t problems = pmt_trace_problem_count(d->trace);

	if (chunk->source == PMT_SOURCE_TRACE) {
		dump_hole(d, chunk->offset);
		d->file_offset =
		    chunk->offset + sizeof(struct pmt_chunk_header) + chunk->stored_bytes;
	}
	dump_chunk_header(d, chunk);
	int rc = pmt_chunk_load(d->trace, chunk, &d->stored, &d->raw);
	if (rc == 0)
		dump_records(d, chunk);
	d->failed |= rc == -ENOMEM;
	if (pmt_trace_problem_count(d->trace) > problems || rc != 0) {
		begin_line(d, "damage");
		pmt_fields_unsigned(&d->fields, "stream", chunk->stream);
		pmt_fields_unsigned(&d->fields, "from", chunk->readable_to);
		pmt_fields_unsigned(&d->fields, "to", chunk->to);
		pmt_fields_end(&d->fields);
	}
}

static int dump_trace(struct dump *d)
{
	dump_header(d);
	for (size_t i = 0;
	     i < pmt_trace_chunk_count(d->trace) && d->records_left && !d->failed; i++)
		dump_chunk(d, pmt_trace_chunk(d->trace, i));
	if (d->records_left && !d->failed)
		dump_hole(d, pmt_trace_file_bytes(d->trace));
	if (!d->failed)
		return PMT_EXIT_OK;
	pmt_message_error("not enough memory for a chunk");
	return PMT_EXIT_UNREADABLE;
}

static int run(const struct pmt_report_request *request)
{
	struct dump d = {
	    .request = request,
	    .fields = {.out = request->out,
		       .style = request->format == PMT_REPORT_JSON ? PMT_FIELDS_JSON
								   : PMT_FIELDS_TEXT},
	    .records_left = request->limit_count ? request->limit_count : UINT64_MAX,
	};
	struct pmt_progress progress;

	pmt_progress_begin(&progress, "reading the index");
	d.trace = pmt_report_open(request, &progress);
	pmt_progress_end(&progress);
	if (!d.trace)
		return PMT_EXIT_UNREADABLE;
	pmt_trace_set_progress(d.trace, NULL, NULL);
	int code = dump_trace(&d);
	pmt_report_say_problems(d.trace);
	if (code == PMT_EXIT_OK && request->strict &&
	    (pmt_trace_problem_count(d.trace) || pmt_trace_missing_bytes(d.trace)))
		code = PMT_EXIT_INCOMPLETE;
	for (size_t i = 0; i < d.stream_count; i++)
		pmt_block_records_close(&d.streams[i].blocks);
	free(d.streams);
	pmt_buffer_free(&d.stored);
	pmt_buffer_free(&d.raw);
	pmt_trace_close(d.trace);
	return code;
}

const struct pmt_view pmt_view_dump = {
    .name = "dump",
    .summary = "the file as it is: chunks, records, offsets, bytes",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON),
    .options = PMT_TAKES_LIMIT,
    .run = run,
};
