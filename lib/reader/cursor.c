/*
 * Cursors. One stream's reader turns chunks into events; a merge gives the event of the
 * reader whose time is the smallest. A stream that has not begun, or is over, holds no
 * buffer: a program with thousands of short threads is read with a handful.
 */
#include "reader/cursor.h"

#include <errno.h>
#include <stdlib.h>

#include "reader/heap.h"
#include "reader/stream_reader.h"
#include "reader/trace_private.h"

struct pmt_cursor {
	struct pmt_trace *trace;
	struct pmt_tables *tables;
	struct pmt_buffer stored;
	struct pmt_stream_reader *readers;
	size_t reader_count;
	struct pmt_heap heap; /* readers but the current one, by time of their event */
	struct pmt_stream_reader *current;
	struct pmt_heap_key limit; /* the heap's smallest: until then no look at it */
	int error;
	uint64_t done_bytes;
	uint64_t total_bytes;
};

static struct pmt_heap_key key_of(const struct pmt_stream_reader *reader)
{
	return (struct pmt_heap_key){
	    .tick = reader->event.tick,
	    .stream = reader->event.stream,
	};
}

static void count_loaded(void *context, uint64_t stored_bytes)
{
	struct pmt_cursor *cursor = context;
	const struct pmt_trace_options *options = &cursor->trace->options;

	cursor->done_bytes += stored_bytes;
	if (options->progress)
		options->progress(options->progress_context, cursor->done_bytes,
				  cursor->total_bytes);
}

static void set_limit(struct pmt_cursor *cursor)
{
	if (!pmt_heap_min(&cursor->heap, &cursor->limit))
		cursor->limit = (struct pmt_heap_key){UINT64_MAX, UINT32_MAX, NULL};
}

/* Gives the reader room in the cursor for the streams first to first + count. */
static struct pmt_cursor *new_cursor(struct pmt_trace *trace, struct pmt_tables *tables,
				     size_t first, size_t count)
{
	struct pmt_cursor *cursor = calloc(1, sizeof(*cursor));

	if (!cursor)
		return NULL;
	cursor->trace = trace;
	cursor->tables = tables;
	cursor->readers = calloc(count + 1, sizeof(*cursor->readers));
	if (!cursor->readers || pmt_heap_init(&cursor->heap, count) != 0) {
		pmt_cursor_free(cursor);
		return NULL;
	}
	cursor->reader_count = count;
	for (size_t i = 0; i < count; i++) {
		struct pmt_stream_reader *reader = &cursor->readers[i];
		pmt_stream_reader_init(reader, trace, first + i, &cursor->stored);
		cursor->total_bytes += trace->streams[first + i].stored_bytes;
	}
	return cursor;
}

/* From here on the pass counts: definitions go into the tables, bytes into progress. */
static int begin_reader(struct pmt_cursor *cursor, struct pmt_stream_reader *reader)
{
	reader->tables = cursor->tables;
	reader->loaded = count_loaded;
	reader->loaded_context = cursor;
	return pmt_stream_reader_next(reader);
}

struct pmt_cursor *pmt_cursor_new(struct pmt_trace *trace, uint32_t stream,
				  struct pmt_tables *tables)
{
	const struct pmt_stream *found = pmt_trace_find_stream(trace, stream);

	if (!found)
		return NULL;
	struct pmt_cursor *cursor =
	    new_cursor(trace, tables, (size_t)(found - trace->streams), 1);
	if (!cursor)
		return NULL;
	struct pmt_heap_key now = {.tick = 0, .stream = 0, .item = &cursor->readers[0]};
	pmt_heap_push(&cursor->heap, now);
	set_limit(cursor);
	return cursor;
}

struct pmt_cursor *pmt_cursor_new_merged(struct pmt_trace *trace,
					 struct pmt_tables *tables)
{
	struct pmt_cursor *cursor = new_cursor(trace, tables, 0, trace->stream_count);

	for (size_t i = 0; cursor && i < cursor->reader_count; i++) {
		struct pmt_stream_reader *reader = &cursor->readers[i];
		struct pmt_heap_key key = {.stream = reader->event.stream,
					   .item = reader};
		int rc = pmt_stream_reader_peek(reader, &key.tick);
		if (rc == -ENOMEM) {
			pmt_cursor_free(cursor);
			return NULL;
		}
		if (rc == -ENODATA)
			continue;
		pmt_heap_push(&cursor->heap, key);
	}
	if (cursor)
		set_limit(cursor);
	return cursor;
}

void pmt_cursor_free(struct pmt_cursor *cursor)
{
	if (!cursor)
		return;
	for (size_t i = 0; i < cursor->reader_count; i++)
		pmt_stream_reader_close(&cursor->readers[i]);
	free(cursor->readers);
	pmt_heap_close(&cursor->heap);
	pmt_buffer_free(&cursor->stored);
	free(cursor);
}

static const struct pmt_event *fail(struct pmt_cursor *cursor, int rc)
{
	if (rc == -ENOMEM)
		cursor->error = rc;
	return NULL;
}

/* The current reader's event is not the next one, or it has none: changes readers. */
static const struct pmt_event *change_reader(struct pmt_cursor *cursor)
{
	struct pmt_heap_key key;

	for (;;) {
		if (!pmt_heap_pop(&cursor->heap, &key))
			return NULL;
		struct pmt_stream_reader *reader = key.item;
		if (!reader->begun) {
			int rc = begin_reader(cursor, reader);
			if (rc == -ENODATA) {
				pmt_stream_reader_close(reader);
				continue;
			}
			if (rc != 0)
				return fail(cursor, rc);
		}
		cursor->current = reader;
		set_limit(cursor);
		return &reader->event;
	}
}

const struct pmt_event *pmt_cursor_next(struct pmt_cursor *cursor)
{
	struct pmt_stream_reader *reader = cursor->current;

	if (cursor->error)
		return NULL;
	if (!reader)
		return change_reader(cursor);
	int rc = pmt_stream_reader_next(reader);
	if (PMT_LIKELY(rc == 0)) {
		struct pmt_heap_key key = key_of(reader);
		if (PMT_LIKELY(pmt_heap_before(&key, &cursor->limit)))
			return &reader->event;
		key.item = reader;
		pmt_heap_push(&cursor->heap, key);
	} else {
		if (rc == -ENOMEM)
			return fail(cursor, rc);
		pmt_stream_reader_close(reader);
	}
	cursor->current = NULL;
	return change_reader(cursor);
}

int pmt_cursor_error(const struct pmt_cursor *cursor)
{
	return cursor->error;
}
