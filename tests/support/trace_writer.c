/* Builds trace and ring files for tests; see trace_writer.h. */
#include "support/trace_writer.h"

#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"

void test_file_header_seal(struct pmt_file_header *h)
{
	pmt_crc32c_init();
	h->crc = pmt_crc32c(0, h, sizeof(*h) - sizeof(h->crc));
}

struct pmt_file_header test_file_header(void)
{
	struct pmt_file_header h = {
	    .version = PMT_FORMAT_VERSION_CALLS,
	    .header_bytes = sizeof(h),
	    .run_id = "test run 16 byte",
	    .pid = 4200001, /* above the largest pid_max but one, and never ours */
	    .process_start = 1234567,
	    .ticks_per_second = 1000000000u / TEST_NS_PER_TICK,
	    .page_bytes = 4096,
	};

	memcpy(h.magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES);
	test_file_header_seal(&h);
	return h;
}

void test_add_header(struct test_bytes *trace, const struct pmt_file_header *h)
{
	test_bytes_add(trace, h, sizeof(*h));
}

size_t test_add_chunk_at(struct test_bytes *trace, uint32_t stream,
			 const struct test_bytes *piece, uint64_t from, unsigned codec,
			 uint64_t tick)
{
	size_t offset = trace->size;
	const char *raw = (const char *)piece->bytes;
	int raw_bytes = (int)piece->size;
	int room = LZ4_compressBound(raw_bytes);
	char *stored = malloc((size_t)room);
	struct pmt_chunk_header h = {
	    .magic = PMT_CHUNK_MAGIC,
	    .stream = stream,
	    .from = from,
	    .to = from + piece->size,
	    .tick = tick,
	    .codec = (uint8_t)codec,
	};

	if (!stored)
		abort();
	pmt_crc32c_init();
	h.stored_bytes = (uint32_t)raw_bytes;
	if (codec == PMT_CODEC_LZ4)
		h.stored_bytes =
		    (uint32_t)LZ4_compress_default(raw, stored, raw_bytes, room);
	else
		memcpy(stored, raw, (size_t)raw_bytes);
	h.payload_crc = pmt_crc32c(0, stored, h.stored_bytes);
	h.header_crc = pmt_crc32c(0, &h, sizeof(h) - sizeof(h.header_crc));
	test_bytes_add(trace, &h, sizeof(h));
	test_bytes_add(trace, stored, h.stored_bytes);
	free(stored);
	return offset;
}

size_t test_add_chunk(struct test_bytes *trace, uint32_t stream,
		      const struct test_bytes *records, uint64_t from, uint64_t to,
		      unsigned codec, uint64_t tick)
{
	struct test_bytes piece = {records->bytes + from, (size_t)(to - from), 0};

	return test_add_chunk_at(trace, stream, &piece, from, codec, tick);
}

size_t test_add_stream(struct test_bytes *trace, uint32_t stream,
		       const struct test_bytes *records, unsigned codec)
{
	return test_add_chunk(trace, stream, records, 0, records->size, codec, 0);
}

static void add_zeros(struct test_bytes *b, size_t size)
{
	uint8_t *zeros = calloc(size, 1);

	if (!zeros)
		abort();
	test_bytes_add(b, zeros, size);
	free(zeros);
}

static void add_slot(struct test_bytes *ring, uint32_t data_bytes,
		     const struct test_slot *s)
{
	struct pmt_ring_slot slot;
	size_t control = ring->size;

	add_zeros(ring, PMT_RING_CONTROL_BYTES + (size_t)data_bytes);
	memset(&slot, 0, sizeof(slot));
	slot.state = s->state;
	slot.stream = s->stream;
	slot.head = s->head;
	slot.tail = s->tail;
	memcpy(ring->bytes + control, &slot, sizeof(slot));
	for (uint64_t p = s->tail; p < s->head && s->records; p++)
		ring->bytes[control + PMT_RING_CONTROL_BYTES + (p & (data_bytes - 1))] =
		    s->records->bytes[p - s->base];
}

void test_add_ring(struct test_bytes *ring, const struct pmt_file_header *h,
		   const char *trace_path, uint32_t data_bytes,
		   const struct test_slot *slots, uint32_t count, uint32_t closed)
{
	struct pmt_ring_header header;

	memset(&header, 0, sizeof(header));
	memcpy(header.magic, PMT_RING_MAGIC, sizeof(header.magic));
	header.version = PMT_RING_VERSION;
	header.slot_control_bytes = PMT_RING_CONTROL_BYTES;
	header.slot_data_bytes = data_bytes;
	header.file = *h;
	snprintf(header.trace_path, sizeof(header.trace_path), "%s", trace_path);
	header.slot_count = count;
	header.closed = closed;
	test_bytes_add(ring, &header, sizeof(header));
	add_zeros(ring, PMT_RING_CONTROL_BYTES - sizeof(header));
	for (uint32_t i = 0; i < count; i++)
		add_slot(ring, data_bytes, &slots[i]);
}

enum { FILES_MAX = 64 };

static char folder[64];
static char *files[FILES_MAX];
static unsigned file_count;
static pid_t folder_owner;

void test_folder_remove(void)
{
	if (!folder[0] || folder_owner != getpid())
		return;
	for (unsigned i = 0; i < file_count; i++) {
		unlink(files[i]);
		free(files[i]);
	}
	file_count = 0;
	rmdir(folder);
	folder[0] = '\0';
}

const char *test_folder(void)
{
	if (folder[0] && folder_owner == getpid())
		return folder;
	snprintf(folder, sizeof(folder), "/tmp/pymemtrace-test-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	folder_owner = getpid();
	file_count = 0;
	atexit(test_folder_remove);
	return folder;
}

/* The kept path of a name; a name may be written again. */
static const char *keep_path(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", test_folder(), name);
	for (unsigned i = 0; i < file_count; i++)
		if (strcmp(files[i], path) == 0)
			return files[i];
	if (file_count == FILES_MAX)
		abort();
	files[file_count] = strdup(path);
	if (!files[file_count])
		abort();
	return files[file_count++];
}

const char *test_write_file(const char *name, const struct test_bytes *b)
{
	const char *path = keep_path(name);
	FILE *f = fopen(path, "we");

	if (!f || (b->size && fwrite(b->bytes, 1, b->size, f) != b->size) ||
	    fclose(f) != 0)
		abort();
	return path;
}
