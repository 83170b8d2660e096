/* Chunks onto a stdio stream; see chunk_writer.h. */
#include "config.h"

#include "reader/chunk_writer.h"

#include <errno.h>
#include <lz4.h>

#include "base/crc32c.h"
#include "reader/trace_private.h"

static int write_bytes(struct pmt_chunk_writer *writer, const void *bytes, size_t size)
{
	errno = 0;
	if (fwrite(bytes, 1, size, writer->out) != size)
		return errno ? -errno : -EIO;
	writer->bytes += size;
	return 0;
}

int pmt_chunk_writer_header(struct pmt_chunk_writer *writer,
			    const struct pmt_file_header *header)
{
	struct pmt_file_header h = *header;

	h.header_bytes = sizeof(h);
	h.crc = pmt_crc32c(0, &h, sizeof(h) - sizeof(h.crc));
	return write_bytes(writer, &h, sizeof(h));
}

static int write_chunk(struct pmt_chunk_writer *writer, struct pmt_chunk_header *h,
		       const uint8_t *stored)
{
	h->magic = PMT_CHUNK_MAGIC;
	h->payload_crc = pmt_crc32c(0, stored, h->stored_bytes);
	h->header_crc = pmt_crc32c(0, h, sizeof(*h) - sizeof(h->header_crc));
	int rc = write_bytes(writer, h, sizeof(*h));
	return rc ? rc : write_bytes(writer, stored, h->stored_bytes);
}

int pmt_chunk_writer_copy(struct pmt_chunk_writer *writer, struct pmt_trace *trace,
			  const struct pmt_chunk *chunk)
{
	struct pmt_chunk_header h = {
	    .stream = chunk->stream,
	    .from = chunk->from,
	    .to = chunk->to,
	    .tick = chunk->tick,
	    .stored_bytes = chunk->stored_bytes,
	    .codec = chunk->codec,
	    .form = chunk->form,
	};
	int rc = pmt_chunk_read_stored(trace, chunk, &writer->stored);

	if (rc != 0)
		return rc == -EBADMSG ? 0 : rc;
	return write_chunk(writer, &h, writer->stored.bytes);
}

int pmt_chunk_writer_add(struct pmt_chunk_writer *writer, uint32_t stream, uint64_t from,
			 const uint8_t *raw, size_t size, uint64_t tick)
{
	int room = LZ4_compressBound((int)size);
	struct pmt_chunk_header h = {
	    .stream = stream,
	    .from = from,
	    .to = from + size,
	    .tick = tick,
	    .stored_bytes = (uint32_t)size,
	    .codec = PMT_CODEC_NONE,
	    .form = writer->form,
	};

	if (pmt_buffer_reserve(&writer->stored, (size_t)room) != 0)
		return -ENOMEM;
	int stored = LZ4_compress_default((const char *)raw, (char *)writer->stored.bytes,
					  (int)size, room);
	if (stored <= 0 || (size_t)stored >= size)
		return write_chunk(writer, &h, raw);
	h.codec = PMT_CODEC_LZ4;
	h.stored_bytes = (uint32_t)stored;
	return write_chunk(writer, &h, writer->stored.bytes);
}

void pmt_chunk_writer_close(struct pmt_chunk_writer *writer)
{
	pmt_buffer_free(&writer->stored);
}
