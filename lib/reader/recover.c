/*
 * Recovery in two halves: a pass over all events counts what the end record must say
 * (last_words.c), then the chunks are copied. The new file is complete and on the disk
 * before it gets its name.
 */
#include "config.h"

#include "reader/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader/chunk_writer.h"
#include "reader/index.h"
#include "reader/last_words.h"
#include "reader/trace_private.h"

enum {
	/* Ring bytes per chunk, as the drain would have made them. */
	CHUNK_BYTES = 256 << 10,
};

/* Raw bytes of whole records as chunks of a usual size. */
static int write_split(struct pmt_chunk_writer *writer, const struct pmt_chunk *chunk,
		       uint64_t from, const uint8_t *raw, size_t size)
{
	const uint8_t *begin = raw, *at = raw, *end = raw + size;
	struct pmt_record record;
	int rc = 0;

	while (rc == 0 && pmt_record_decode_form(chunk->form, &at, end, &record) == 0) {
		if (at - begin < CHUNK_BYTES && at < end)
			continue;
		rc = pmt_chunk_writer_add(writer, chunk->stream,
					  from + (uint64_t)(begin - raw), begin,
					  (size_t)(at - begin), 0);
		begin = at;
	}
	if (rc == 0 && at > begin)
		rc = pmt_chunk_writer_add(writer, chunk->stream,
					  from + (uint64_t)(begin - raw), begin,
					  (size_t)(at - begin), 0);
	return rc;
}

/* Writes what a chunk of the ring has from position on. */
static int write_ring_chunk(struct pmt_trace *trace, struct pmt_chunk_writer *writer,
			    const struct pmt_chunk *chunk, uint64_t position,
			    struct pmt_buffer *raw)
{
	int rc = pmt_chunk_load(trace, chunk, &writer->stored, raw);
	uint64_t from = position > chunk->from ? position : chunk->from;

	if (rc != 0)
		return rc == -EBADMSG ? 0 : rc;
	writer->form = chunk->form;
	return write_split(writer, chunk, from, raw->bytes + (from - chunk->from),
			   (size_t)(chunk->readable_to - from));
}

/* Streams in order; in each, the file's chunks and what only the ring has. */
static int write_chunks(struct pmt_trace *trace, struct pmt_chunk_writer *writer)
{
	struct pmt_buffer raw = {NULL, 0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < trace->chunk_count; i++)
		if (trace->chunks[i].source == PMT_SOURCE_TRACE)
			rc = pmt_chunk_writer_copy(writer, trace, &trace->chunks[i]);
	for (size_t s = 0; rc == 0 && s < trace->stream_count; s++) {
		uint64_t position = 0;
		for (size_t i = trace->stream_first[s];
		     rc == 0 && i < trace->stream_first[s + 1]; i++) {
			const struct pmt_chunk *c = &trace->chunks[trace->order[i]];
			if (c->readable_to <= position || c->readable_to == c->from)
				continue;
			if (c->source == PMT_SOURCE_RING)
				rc = write_ring_chunk(trace, writer, c, position, &raw);
			position = c->readable_to;
		}
	}
	pmt_buffer_free(&raw);
	return rc;
}

static int write_all(struct pmt_trace *trace, struct pmt_chunk_writer *writer)
{
	struct pmt_last_words count = {.events = 0};
	int rc = pmt_last_words_count(trace, &count);

	if (rc == 0)
		rc = pmt_chunk_writer_header(writer, &trace->header);
	if (rc == 0)
		rc = write_chunks(trace, writer);
	if (rc == 0 && trace->ring.state != PMT_RING_RUNNING)
		rc = pmt_last_words_write(trace, writer, &count);
	if (rc == 0 && (fflush(writer->out) != 0 || fsync(fileno(writer->out)) != 0))
		rc = -errno;
	return rc;
}

/* The rename is on the disk once its folder is. A folder that cannot be synced (some
 * file systems) is no reason to fail. */
static void sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

/* Writes a file beside path and gives it that name. */
static int write_and_rename(struct pmt_trace *trace, const char *path,
			    struct pmt_chunk_writer *writer)
{
	char *temporary;

	if (asprintf(&temporary, "%s.recover-XXXXXX", path) < 0)
		return -ENOMEM;
	int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600, as traces have */
	int rc = fd < 0 ? -errno : 0;
	writer->out = fd < 0 ? NULL : fdopen(fd, "w");
	if (fd >= 0 && !writer->out) {
		rc = -errno;
		close(fd);
	}
	if (writer->out) {
		rc = write_all(trace, writer);
		if (fclose(writer->out) != 0 && rc == 0)
			rc = -errno;
	}
	if (rc == 0 && rename(temporary, path) != 0)
		rc = -errno;
	if (rc == 0)
		sync_folder(path);
	else if (fd >= 0)
		unlink(temporary);
	free(temporary);
	return rc;
}

static const char *own_path(const struct pmt_trace *trace)
{
	return trace->missing_path ? trace->missing_path : trace->path;
}

/* A file is replaced where a link to it leads; a device or folder must not be. */
static int find_target(const char *path, char **ret_target)
{
	struct stat st;

	if (stat(path, &st) != 0)
		*ret_target = strdup(path);
	else if (S_ISREG(st.st_mode))
		*ret_target = realpath(path, NULL);
	else
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return *ret_target ? 0 : -errno;
}

static int write_target(struct pmt_trace *trace, struct pmt_recovery *recovery)
{
	struct pmt_chunk_writer writer = {.out = NULL};
	char *target = NULL;
	int rc = find_target(recovery->path, &target);

	if (rc == 0)
		rc = write_and_rename(trace, target, &writer);
	recovery->written = rc == 0;
	recovery->end_added = pmt_last_words_was_killed(trace);
	recovery->ring_bytes = trace->ring.bytes;
	recovery->file_bytes = writer.bytes;
	pmt_chunk_writer_close(&writer);
	free(target);
	return rc;
}

static int set_busy(const struct pmt_trace *trace, struct pmt_problem *ret_problem)
{
	pmt_problem_set(ret_problem, PMT_PROBLEM_IO, own_path(trace), 0,
			"process %u still writes this trace; recover it when the process "
			"has ended, or into another file",
			trace->header.pid);
	ret_problem->error_number = EBUSY;
	return -EBUSY;
}

static int set_failed(const struct pmt_recovery *recovery, int rc,
		      struct pmt_problem *ret_problem)
{
	if (rc == -ENOMEM)
		pmt_problem_set(ret_problem, PMT_PROBLEM_MEMORY, recovery->path, 0,
				"out of memory");
	else
		pmt_problem_set_errno(ret_problem, recovery->path, 0, "cannot write",
				      -rc);
	return rc;
}

void pmt_recover_set_signal(struct pmt_trace *trace, int number)
{
	trace->end_signal = number;
}

int pmt_recover(struct pmt_trace *trace, const char *out_path,
		struct pmt_recovery *ret_recovery, struct pmt_problem *ret_problem)
{
	struct pmt_recovery recovery = {.path = out_path ? out_path : own_path(trace)};
	bool salvaged = trace->ring.state == PMT_RING_SALVAGED;

	if (!out_path && trace->ring.state == PMT_RING_RUNNING)
		return set_busy(trace, ret_problem);
	if (out_path || salvaged || pmt_last_words_was_killed(trace)) {
		int rc = write_target(trace, &recovery);
		if (rc != 0)
			return set_failed(&recovery, rc, ret_problem);
	}
	if (!out_path && salvaged)
		recovery.ring_removed = unlink(trace->ring.path) == 0;
	*ret_recovery = recovery;
	return 0;
}
