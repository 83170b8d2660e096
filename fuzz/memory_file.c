/* Shared by the targets that read whole files; see memory_file.h. */
#include "config.h"

#include "fuzz/memory_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reader/cursor.h"
#include "reader/tables.h"
#include "reader/trace.h"

struct fuzz_file fuzz_file_make(const uint8_t *bytes, size_t size)
{
	struct fuzz_file file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};

	if (file.fd < 0 || (size && write(file.fd, bytes, size) != (ssize_t)size))
		abort();
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

void fuzz_file_close(struct fuzz_file *file)
{
	close(file->fd);
}

static void require(bool what)
{
	if (!what)
		abort();
}

/* One pass over a stream; returns its events. */
static uint64_t read_stream(struct pmt_trace *trace, const struct pmt_stream *stream)
{
	struct pmt_cursor *cursor = pmt_cursor_new(trace, stream->number, NULL);
	const struct pmt_event *e;
	uint64_t count = 0, position = 0, missing = 0;

	require(cursor != NULL);
	while ((e = pmt_cursor_next(cursor))) {
		count++;
		require(e->stream == stream->number);
		require(e->position >= position);
		position = e->position + 1;
		if (e->kind == PMT_EVENT_GAP) {
			require(!e->tick_known && e->gap_bytes > 0);
			missing += e->gap_bytes;
			position = e->position + e->gap_bytes;
		} else {
			require(e->chunk != NULL && e->position >= e->chunk->from &&
				e->position < e->chunk->readable_to);
		}
		require(position <= stream->end_position);
	}
	require(pmt_cursor_error(cursor) == 0);
	require(missing == stream->missing_bytes);
	pmt_cursor_free(cursor);
	return count;
}

void fuzz_read_all(struct pmt_trace *trace)
{
	struct pmt_tables *tables = pmt_tables_new(trace);
	uint64_t alone = 0, merged = 0;

	require(tables != NULL);
	require(pmt_tables_scan(tables, trace) == 0);
	for (size_t i = 0; i < pmt_trace_stream_count(trace); i++)
		alone += read_stream(trace, pmt_trace_stream(trace, i));
	struct pmt_cursor *cursor = pmt_cursor_new_merged(trace, tables);
	require(cursor != NULL);
	while (pmt_cursor_next(cursor))
		merged++;
	require(merged == alone);
	pmt_cursor_free(cursor);
	for (size_t i = 0; i < pmt_tables_code_count(tables); i++)
		require(pmt_tables_code_at(tables, i)->name != NULL);
	pmt_tables_free(tables);
}
