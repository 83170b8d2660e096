/*
 * Scans chunk headers from the trace file into trace->chunks. Reads 48 bytes a chunk;
 * only behind damage does it read everything until the next header whose magic and
 * checksum are right.
 */
#include "config.h"

#include "reader/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "reader/chunk.h"
#include "reader/mend.h"
#include "reader/trace_private.h"

enum {
	HEADER_BYTES = sizeof(struct pmt_chunk_header),
	WINDOW_BYTES = 256 << 10,
	/* LZ4 grows incompressible bytes by 1/255 and a few. */
	STORED_BYTES_MAX = PMT_CHUNK_RAW_BYTES_MAX + PMT_CHUNK_RAW_BYTES_MAX / 255 + 16,
};

bool pmt_index_header_valid(const struct pmt_chunk_header *h)
{
	if (h->magic != PMT_CHUNK_MAGIC)
		return false;
	if (pmt_crc32c(0, h, HEADER_BYTES - sizeof(h->header_crc)) != h->header_crc)
		return false;
	if (h->to <= h->from || h->to - h->from > PMT_CHUNK_RAW_BYTES_MAX)
		return false;
	if (h->stored_bytes == 0 || h->stored_bytes > STORED_BYTES_MAX)
		return false;
	return h->codec != PMT_CODEC_NONE || h->stored_bytes == h->to - h->from;
}

int pmt_index_add(struct pmt_trace *trace, const struct pmt_chunk *chunk)
{
	if (trace->chunk_count == trace->chunk_room) {
		size_t room = trace->chunk_room ? trace->chunk_room * 2 : 64;
		struct pmt_chunk *grown =
		    reallocarray(trace->chunks, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		trace->chunks = grown;
		trace->chunk_room = room;
	}
	trace->chunks[trace->chunk_count++] = *chunk;
	return 0;
}

static struct pmt_chunk chunk_of(const struct pmt_chunk_header *h, uint64_t offset)
{
	return (struct pmt_chunk){
	    .from = h->from,
	    .to = h->to,
	    .readable_to = h->to,
	    .tick = h->tick,
	    .offset = offset,
	    .stream = h->stream,
	    .stored_bytes = h->stored_bytes,
	    .payload_crc = h->payload_crc,
	    .codec = h->codec,
	    .form = h->form,
	    .source = PMT_SOURCE_TRACE,
	};
}

/* The first valid header at a magic inside bytes, or size. */
static size_t find_header(const uint8_t *bytes, size_t size)
{
	static const uint32_t magic = PMT_CHUNK_MAGIC;
	const uint8_t *p = bytes;

	while ((size_t)(bytes + size - p) >= HEADER_BYTES) {
		p = memmem(p, (size_t)(bytes + size - p), &magic, sizeof(magic));
		if (!p || (size_t)(bytes + size - p) < HEADER_BYTES)
			break;
		struct pmt_chunk_header h;
		memcpy(&h, p, sizeof(h));
		if (pmt_index_header_valid(&h))
			return (size_t)(p - bytes);
		p++;
	}
	return size;
}

/* Where the next valid header begins at or behind offset: *ret_offset, or end. */
static int resync(struct pmt_trace *trace, uint64_t offset, uint64_t end,
		  uint64_t *ret_offset)
{
	uint8_t *window = malloc(WINDOW_BYTES);
	int rc = 0;

	if (!window)
		return -ENOMEM;
	*ret_offset = end;
	while (end - offset >= HEADER_BYTES) {
		uint64_t left = end - offset;
		size_t want = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
		int64_t got = pmt_trace_pread(trace->fd, window, want, offset);
		if (got < (int64_t)HEADER_BYTES) {
			rc = got < 0 ? (int)got : 0;
			break;
		}
		size_t found = find_header(window, (size_t)got);
		if (found < (size_t)got) {
			*ret_offset = offset + found;
			break;
		}
		/* A header may begin in the window's last bytes. */
		offset += (uint64_t)got - (HEADER_BYTES - 1);
	}
	free(window);
	return rc;
}

/*
 * No header where the last chunk should have ended. When that chunk's payload is bad
 * too, a write was cut short there and others followed: search inside it.
 */
static uint64_t resync_start(struct pmt_trace *trace, uint64_t offset)
{
	if (trace->chunk_count == 0)
		return offset + 1;
	struct pmt_chunk *last = &trace->chunks[trace->chunk_count - 1];
	if (last->source != PMT_SOURCE_TRACE ||
	    last->offset + HEADER_BYTES + last->stored_bytes != offset ||
	    pmt_chunk_check(trace, last) == 0)
		return offset + 1;
	return last->offset + HEADER_BYTES;
}

/* The bytes behind a header have its checksum. */
static bool has_payload(const struct pmt_trace *trace, const struct pmt_chunk *chunk)
{
	struct pmt_buffer stored = {NULL, 0};
	bool has = false;

	if (pmt_buffer_reserve(&stored, chunk->stored_bytes) == 0 &&
	    pmt_trace_pread(trace->fd, stored.bytes, chunk->stored_bytes,
			    chunk->offset + HEADER_BYTES) == (int64_t)chunk->stored_bytes)
		has = pmt_crc32c(0, stored.bytes, chunk->stored_bytes) ==
		      chunk->payload_crc;
	pmt_buffer_free(&stored);
	return has;
}

static void say_damage(struct pmt_trace *trace, const struct pmt_chunk_header *h,
		       uint64_t offset, uint64_t next)
{
	struct pmt_problem *p = pmt_trace_new_problem(trace);

	if (h->magic != PMT_CHUNK_MAGIC)
		pmt_problem_set(p, PMT_PROBLEM_DAMAGED, trace->path, offset,
				"expected a chunk (magic 0x%08x), found 0x%08x",
				PMT_CHUNK_MAGIC, h->magic);
	else
		pmt_problem_set(p, PMT_PROBLEM_DAMAGED, trace->path, offset,
				"expected a chunk header with checksum 0x%08x, "
				"found 0x%08x or impossible sizes",
				pmt_crc32c(0, h, HEADER_BYTES - sizeof(h->header_crc)),
				h->header_crc);
	p->bytes = next > offset ? next - offset : 0;
}

static void say_cut(struct pmt_trace *trace, uint64_t offset, uint64_t end, uint64_t want)
{
	struct pmt_problem *p = pmt_trace_new_problem(trace);

	pmt_problem_set(p, PMT_PROBLEM_CUT, trace->path, offset,
			"expected a chunk of %llu bytes, the file ends after %llu",
			(unsigned long long)want, (unsigned long long)(end - offset));
	p->bytes = end - offset;
}

/* One bit of the header at offset was wrong, and the payload behind it is right. */
static bool add_mended(struct pmt_trace *trace, const struct pmt_chunk_header *found,
		       uint64_t offset, uint64_t end, uint64_t *ret_next)
{
	struct pmt_chunk_header h = *found;

	if (!pmt_mend_header(&h) || h.stored_bytes > end - offset - HEADER_BYTES)
		return false;
	struct pmt_chunk chunk = chunk_of(&h, offset);
	if (!has_payload(trace, &chunk) || pmt_index_add(trace, &chunk) != 0)
		return false;
	struct pmt_problem *p = pmt_trace_new_problem(trace);
	pmt_problem_set(p, PMT_PROBLEM_DAMAGED, trace->path, offset,
			"one wrong bit in the header of a chunk of stream %u, positions "
			"%llu to %llu, was put right by its checksum",
			h.stream, (unsigned long long)h.from, (unsigned long long)h.to);
	*ret_next = offset + HEADER_BYTES + h.stored_bytes;
	return true;
}

/* Steps over damage at offset: *ret_next is where to go on. */
static int step_over(struct pmt_trace *trace, const struct pmt_chunk_header *h,
		     uint64_t offset, uint64_t end, uint64_t *ret_next)
{
	if (add_mended(trace, h, offset, end, ret_next))
		return 0;
	int rc = resync(trace, resync_start(trace, offset), end, ret_next);

	if (rc == 0)
		say_damage(trace, h, offset, *ret_next);
	return rc;
}

/* A chunk that reaches beyond the end: cut, or its write was, with others behind it. */
static int step_over_cut(struct pmt_trace *trace, uint64_t want, uint64_t offset,
			 uint64_t end, uint64_t *ret_next)
{
	int rc = resync(trace, offset + HEADER_BYTES, end, ret_next);

	if (rc == 0)
		say_cut(trace, offset, *ret_next, want);
	return rc;
}

int pmt_index_scan(struct pmt_trace *trace, uint64_t file_bytes, bool final)
{
	uint64_t offset = trace->scanned_to;
	int rc = 0;

	while (rc == 0 && offset < file_bytes) {
		struct pmt_chunk_header h;
		uint64_t left = file_bytes - offset;
		if (left < HEADER_BYTES) {
			if (final)
				say_cut(trace, offset, file_bytes, HEADER_BYTES);
			break;
		}
		int64_t got = pmt_trace_pread(trace->fd, &h, HEADER_BYTES, offset);
		if (got < (int64_t)HEADER_BYTES)
			return got < 0 ? (int)got : -EIO;
		bool valid = pmt_index_header_valid(&h);
		if (valid && h.stored_bytes <= left - HEADER_BYTES) {
			struct pmt_chunk chunk = chunk_of(&h, offset);
			rc = pmt_index_add(trace, &chunk);
			offset += HEADER_BYTES + h.stored_bytes;
			continue;
		}
		if (!final)
			break;
		if (valid)
			rc = step_over_cut(trace, HEADER_BYTES + h.stored_bytes, offset,
					   file_bytes, &offset);
		else
			rc = step_over(trace, &h, offset, file_bytes, &offset);
	}
	trace->scanned_to = offset;
	trace->file_bytes = file_bytes;
	return rc;
}
