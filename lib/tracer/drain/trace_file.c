/* Writing chunks into the trace; see trace_file.h. Callers hold the drain lock. */
#include "drain/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <string.h>
#include <sys/stat.h>

#include "base/crc32c.h"
#include "drain/trace_name.h"
#include "os/clock.h"
#include "os/held_signals.h"
#include "os/say.h"
#include "os/sys.h"
#include "os/text.h"
#include "rss/own_memory.h"

enum {
	IN_EARNEST = 1, /* accelerations of lz4 */
	IN_A_HURRY = 16,
	HURRIED_CHUNKS = 3, /* before the next is tried in earnest */
	TELLING_BYTES = 4096,
};

static size_t chunk_room(const struct pmt_options *options)
{
	return sizeof(struct pmt_chunk_header) +
	       (size_t)LZ4_compressBound((int)options->ring_size_bytes);
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	struct pmt_held_signals held;
	ssize_t wrote = 0;

	pmt_signals_hold(&held);
	while (size) {
		wrote = pmt_sys_write(fd, bytes, size);
		if (wrote == -EINTR)
			continue;
		if (wrote == 0)
			wrote = -EIO;
		if (wrote < 0)
			break;
		bytes += wrote;
		size -= (size_t)wrote;
	}
	pmt_signals_release(&held, wrote);
	return wrote < 0 ? (int)wrote : 0;
}

int pmt_trace_file_create(struct pmt_trace_file *file, const struct pmt_options *options,
			  const char *wanted, struct pmt_file_header *header)
{
	struct stat st;

	file->chunk = pmt_own_map(chunk_room(options), PMT_OWN_ABSENT);
	file->lz4_state = pmt_own_map((size_t)LZ4_sizeofState(), PMT_OWN_ABSENT);
	if (!file->chunk || !file->lz4_state)
		return -ENOMEM;
	int fd = pmt_trace_name_create(file->path, sizeof(file->path), wanted, header,
				       &file->is_elsewhere);
	if (fd < 0)
		return fd;
	header->crc = pmt_crc32c(0, header, offsetof(struct pmt_file_header, crc));
	int result = pmt_sys_fstat(fd, &st);
	if (result == 0)
		result = write_all(fd, (const uint8_t *)header, sizeof(*header));
	pmt_sys_close(fd);
	if (result < 0) {
		pmt_sys_unlinkat(AT_FDCWD, file->path, 0);
		return result;
	}
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->size = sizeof(*header);
	file->max_bytes = options->max_size_bytes;
	file->ends_full = !pmt_options_can_sum(options);
	file->form =
	    header->version > PMT_FORMAT_VERSION_CALLS ? PMT_FORM_BLOCKS : PMT_FORM_CALLS;
	file->codec = options->compress ? PMT_CODEC_LZ4 : PMT_CODEC_NONE;
	return 0;
}

/*
 * Returns the size stored; 0: it did not get smaller. Where an earnest try saves less
 * than a fifth it costs more than that is worth, a tenth of what tracing objects costs:
 * then the next chunks are only searched for what is found easily.
 */
static int compress(struct pmt_trace_file *file, const uint8_t *bytes, int raw)
{
	int acceleration = file->hurried_chunks ? IN_A_HURRY : IN_EARNEST;
	int stored = LZ4_compress_fast_extState(
	    file->lz4_state, (const char *)bytes,
	    (char *)file->chunk + sizeof(struct pmt_chunk_header), raw,
	    LZ4_compressBound(raw), acceleration);

	if (file->hurried_chunks)
		file->hurried_chunks--;
	else if (raw >= TELLING_BYTES && stored > raw / 5 * 4)
		file->hurried_chunks = HURRIED_CHUNKS;
	return stored < raw ? stored : 0;
}

/* Fills file->chunk with header and payload; returns their size. */
static size_t make_chunk(struct pmt_trace_file *file, struct pmt_chunk_header *chunk,
			 const uint8_t *bytes)
{
	int raw = (int)(chunk->to - chunk->from);
	uint8_t *payload = file->chunk + sizeof(*chunk);
	int stored = file->codec == PMT_CODEC_LZ4 ? compress(file, bytes, raw) : 0;

	chunk->codec = stored > 0 ? PMT_CODEC_LZ4 : PMT_CODEC_NONE;
	if (chunk->codec == PMT_CODEC_NONE) {
		memcpy(payload, bytes, (size_t)raw);
		stored = raw;
	}
	chunk->magic = PMT_CHUNK_MAGIC;
	chunk->form = file->form;
	chunk->tick = pmt_clock_ticks();
	chunk->stored_bytes = (uint32_t)stored;
	chunk->payload_crc = pmt_crc32c(0, payload, (size_t)stored);
	chunk->header_crc =
	    pmt_crc32c(0, chunk, offsetof(struct pmt_chunk_header, header_crc));
	memcpy(file->chunk, chunk, sizeof(*chunk));
	return sizeof(*chunk) + (size_t)stored;
}

/* The file by its path, if it is still the one we made. Its size tells too: the inode of
 * a file that was removed is given to the next one. */
static int open_ours(const struct pmt_trace_file *file, int access)
{
	struct stat st;
	int fd = pmt_sys_openat(AT_FDCWD, file->path,
				access | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	if (pmt_sys_fstat(fd, &st) == 0 && st.st_dev == file->device &&
	    st.st_ino == file->inode && (uint64_t)st.st_size == file->size)
		return fd;
	pmt_sys_close(fd);
	return -ESTALE;
}

static int append(struct pmt_trace_file *file, size_t size)
{
	int fd = open_ours(file, O_WRONLY);

	if (fd < 0)
		return fd;
	int result = write_all(fd, file->chunk, size);
	if (result < 0) /* no half chunk: the reader would have to find its way again */
		pmt_sys_ftruncate(fd, (int64_t)file->size);
	pmt_sys_close(fd);
	return result;
}

static void say_unwritable(const struct pmt_trace_file *file)
{
	char why[256];
	struct pmt_text_buffer text;

	pmt_text_begin(&text, why, sizeof(why));
	pmt_text_put(&text, ": ");
	pmt_text_put(&text, pmt_say_errno(file->error));
	pmt_text_put(&text,
		     ": events wait in the ring, and are lost and counted when it is "
		     "full; make room, or set out= elsewhere");
	pmt_say(PMT_SAY_UNWRITABLE, file->path, why, NULL);
}

int pmt_trace_file_append(struct pmt_trace_file *file, struct pmt_chunk_header *chunk,
			  const uint8_t *bytes)
{
	size_t size = make_chunk(file, chunk, bytes);

	/* An eighth is left for what comes then; and nothing that waits is refused,
	 * unless there is no other way to go on. */
	if (file->max_bytes && file->size + size > file->max_bytes - file->max_bytes / 8)
		file->full = true;
	if (file->ends_full && file->max_bytes && file->size + size > file->max_bytes) {
		file->error = -EFBIG;
		return -EFBIG;
	}
	file->error = append(file, size);
	if (file->error < 0) {
		say_unwritable(file);
		return file->error;
	}
	file->size += size;
	return 0;
}

/* A chunk begins at *at; moves on to the next. Returns its bytes of a stream. */
static uint64_t pass_chunk(int fd, uint64_t *at)
{
	struct pmt_chunk_header chunk;

	if (pmt_sys_pread(fd, &chunk, sizeof(chunk), (int64_t)*at) != sizeof(chunk) ||
	    chunk.magic != PMT_CHUNK_MAGIC)
		return 0;
	*at += sizeof(chunk) + chunk.stored_bytes;
	return chunk.to - chunk.from;
}

uint64_t pmt_trace_file_make_room(struct pmt_trace_file *file, uint64_t bytes)
{
	uint64_t at = sizeof(struct pmt_file_header), end = 0, taken = 0, count;
	int fd = open_ours(file, O_RDWR);

	if (fd < 0)
		return 0;
	while (at < file->size) {
		uint64_t begin = at;
		if ((count = pass_chunk(fd, &at)) == 0)
			break; /* not as we wrote it: another's */
		if (at + bytes <= file->size)
			continue;
		end = taken ? end : begin;
		taken += count;
	}
	if (!taken || at != file->size || pmt_sys_ftruncate(fd, (int64_t)end) < 0)
		taken = 0;
	else
		file->size = end;
	pmt_sys_close(fd);
	return taken;
}
