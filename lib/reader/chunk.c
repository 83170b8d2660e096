/*
 * Loads chunks for cursors and for the dump. What is found to be bad is remembered in
 * the index, so that it is said once and never read again.
 */
#include "reader/chunk.h"

#include <errno.h>
#include <limits.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "reader/index.h"
#include "reader/mend.h"
#include "reader/trace_private.h"

int pmt_buffer_reserve(struct pmt_buffer *buffer, size_t size)
{
	if (size <= buffer->size)
		return 0;
	uint8_t *grown = realloc(buffer->bytes, size);
	if (!grown)
		return -ENOMEM;
	buffer->bytes = grown;
	buffer->size = size;
	return 0;
}

void pmt_buffer_free(struct pmt_buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct pmt_buffer){NULL, 0};
}

/* The index keeps the only writable view of chunks; callers got theirs from there. */
static struct pmt_chunk *own_chunk(struct pmt_trace *trace, const struct pmt_chunk *chunk)
{
	return &trace->chunks[chunk - trace->chunks];
}

static const char *source_path(const struct pmt_trace *trace,
			       const struct pmt_chunk *chunk)
{
	if (chunk->source == PMT_SOURCE_RING && trace->ring.path)
		return trace->ring.path;
	return trace->path;
}

static void mark_bad(struct pmt_trace *trace, const struct pmt_chunk *chunk,
		     uint64_t readable_to)
{
	own_chunk(trace, chunk)->readable_to = readable_to;
	if (trace->streams)
		pmt_index_count_missing(trace);
}

static int say_bad_payload(struct pmt_trace *trace, const struct pmt_chunk *chunk,
			   const char *what)
{
	struct pmt_problem *p = pmt_trace_new_problem(trace);

	pmt_problem_set(p, PMT_PROBLEM_DAMAGED, source_path(trace, chunk), chunk->offset,
			"%s in the chunk of stream %u, positions %llu to %llu", what,
			chunk->stream, (unsigned long long)chunk->from,
			(unsigned long long)chunk->to);
	p->bytes = chunk->stored_bytes;
	mark_bad(trace, chunk, chunk->from);
	return -EBADMSG;
}

/* Whether the stored bytes are what a chunk says it holds, to the last record. */
static int check_mended(const struct pmt_chunk *chunk, const struct pmt_buffer *stored)
{
	size_t raw_bytes = (size_t)(chunk->to - chunk->from);
	struct pmt_buffer raw = {NULL, 0};
	bool is_whole = false;

	if (chunk->codec == PMT_CODEC_NONE)
		return pmt_mend_records_whole(chunk->form, stored->bytes, raw_bytes)
			   ? 0
			   : -EBADMSG;
	if (pmt_buffer_reserve(&raw, raw_bytes) != 0)
		return -ENOMEM;
	if (chunk->codec == PMT_CODEC_LZ4)
		is_whole =
		    LZ4_decompress_safe((const char *)stored->bytes, (char *)raw.bytes,
					(int)chunk->stored_bytes,
					(int)raw_bytes) == (int)raw_bytes &&
		    pmt_mend_records_whole(chunk->form, raw.bytes, raw_bytes);
	pmt_buffer_free(&raw);
	return is_whole ? 0 : -EBADMSG;
}

static int mend(struct pmt_trace *trace, const struct pmt_chunk *chunk,
		struct pmt_buffer *stored)
{
	if (!pmt_mend_bytes(stored->bytes, chunk->stored_bytes, chunk->payload_crc))
		return -EBADMSG;
	int rc = chunk->is_mended ? 0 : check_mended(chunk, stored);
	if (rc != 0 || chunk->is_mended)
		return rc;
	struct pmt_problem *p = pmt_trace_new_problem(trace);
	pmt_problem_set(p, PMT_PROBLEM_DAMAGED, source_path(trace, chunk), chunk->offset,
			"one wrong bit in the chunk of stream %u, positions %llu to "
			"%llu, was put right by its checksum",
			chunk->stream, (unsigned long long)chunk->from,
			(unsigned long long)chunk->to);
	own_chunk(trace, chunk)->is_mended = true;
	return 0;
}

int pmt_chunk_read_stored(struct pmt_trace *trace, const struct pmt_chunk *chunk,
			  struct pmt_buffer *stored)
{
	bool in_ring = chunk->source == PMT_SOURCE_RING;
	uint64_t at = chunk->offset + (in_ring ? 0 : sizeof(struct pmt_chunk_header));
	int64_t got;

	if (chunk->readable_to == chunk->from)
		return -EBADMSG;
	if (pmt_buffer_reserve(stored, chunk->stored_bytes) != 0)
		return -ENOMEM;
	got = pmt_trace_pread(in_ring ? trace->ring_copy_fd : trace->fd, stored->bytes,
			      chunk->stored_bytes, at);
	if (got != (int64_t)chunk->stored_bytes)
		return say_bad_payload(
		    trace, chunk, got < 0 ? strerror((int)-got) : "expected more bytes");
	if (in_ring ||
	    pmt_crc32c(0, stored->bytes, chunk->stored_bytes) == chunk->payload_crc)
		return 0;
	int rc = mend(trace, chunk, stored);
	return rc == -EBADMSG ? say_bad_payload(trace, chunk, "expected another checksum")
			      : rc;
}

int pmt_chunk_check(struct pmt_trace *trace, const struct pmt_chunk *chunk)
{
	struct pmt_buffer buffer = {NULL, 0};

	if (chunk->readable_to == chunk->from)
		return -EBADMSG;
	int rc = pmt_chunk_read_stored(trace, chunk, &buffer);
	pmt_buffer_free(&buffer);
	return rc;
}

static int decompress(struct pmt_trace *trace, const struct pmt_chunk *chunk,
		      const struct pmt_buffer *stored, struct pmt_buffer *raw)
{
	size_t raw_bytes = (size_t)(chunk->to - chunk->from);

	if (pmt_buffer_reserve(raw, raw_bytes) != 0)
		return -ENOMEM;
	int got = LZ4_decompress_safe((const char *)stored->bytes, (char *)raw->bytes,
				      (int)chunk->stored_bytes, (int)raw_bytes);
	if (got < 0 || (size_t)got != raw_bytes)
		return say_bad_payload(trace, chunk, "expected a whole LZ4 block");
	return 0;
}

int pmt_chunk_load(struct pmt_trace *trace, const struct pmt_chunk *chunk,
		   struct pmt_buffer *stored, struct pmt_buffer *raw)
{
	if (chunk->readable_to == chunk->from)
		return -EBADMSG;
	if (chunk->form > PMT_FORM_BLOCKS)
		return say_bad_payload(trace, chunk, "expected records of version 2");
	if (chunk->codec == PMT_CODEC_NONE)
		return pmt_chunk_read_stored(trace, chunk, raw);
	if (chunk->codec != PMT_CODEC_LZ4)
		return say_bad_payload(trace, chunk, "expected a codec of version 1");
	int rc = pmt_chunk_read_stored(trace, chunk, stored);
	return rc ? rc : decompress(trace, chunk, stored, raw);
}

void pmt_chunk_mark_undecodable(struct pmt_trace *trace, const struct pmt_chunk *chunk,
				uint64_t position)
{
	if (position >= chunk->readable_to)
		return;
	struct pmt_problem *p = pmt_trace_new_problem(trace);
	pmt_problem_set(p, PMT_PROBLEM_DAMAGED, source_path(trace, chunk), chunk->offset,
			"expected a record at position %llu of stream %u; "
			"the chunk's rest, up to %llu, is lost",
			(unsigned long long)position, chunk->stream,
			(unsigned long long)chunk->to);
	mark_bad(trace, chunk, position);
}
