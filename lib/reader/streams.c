/*
 * The second half of the index: chunks sorted by stream and position, and what each
 * stream lacks. Comes after pmt_index_scan and the ring's salvage.
 */
#include "config.h"

#include "reader/index.h"

#include <errno.h>
#include <stdlib.h>

#include "reader/trace_private.h"

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* By stream, position, source (the file's bytes have a checksum), then file order. */
static int compare_chunks(const void *a, const void *b, void *context)
{
	const struct pmt_chunk *chunks = context;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	const struct pmt_chunk *x = &chunks[i], *y = &chunks[j];
	int by = compare_u64(x->stream, y->stream);

	if (by == 0)
		by = compare_u64(x->from, y->from);
	if (by == 0)
		by = compare_u64(x->source, y->source);
	return by ? by : compare_u64(i, j);
}

static size_t count_streams(const struct pmt_trace *trace)
{
	size_t count = 0;

	for (size_t i = 0; i < trace->chunk_count; i++)
		if (i == 0 || trace->chunks[trace->order[i]].stream !=
				  trace->chunks[trace->order[i - 1]].stream)
			count++;
	return count;
}

static void fill_streams(struct pmt_trace *trace)
{
	struct pmt_stream *s = NULL;
	size_t next = 0;

	for (size_t i = 0; i < trace->chunk_count; i++) {
		const struct pmt_chunk *chunk = &trace->chunks[trace->order[i]];
		if (!s || s->number != chunk->stream) {
			trace->stream_first[next] = i;
			s = &trace->streams[next++];
			s->number = chunk->stream;
		}
		s->chunk_count++;
		s->stored_bytes += chunk->stored_bytes;
		if (chunk->to > s->end_position)
			s->end_position = chunk->to;
	}
	trace->stream_first[next] = trace->chunk_count;
}

void pmt_index_count_missing(struct pmt_trace *trace)
{
	trace->ring.bytes = 0;
	for (size_t i = 0; i < trace->stream_count; i++) {
		struct pmt_stream *s = &trace->streams[i];
		uint64_t position = 0;
		s->missing_bytes = 0;
		s->ring_bytes = 0;
		for (size_t j = trace->stream_first[i]; j < trace->stream_first[i + 1];
		     j++) {
			const struct pmt_chunk *c = &trace->chunks[trace->order[j]];
			if (c->readable_to <= position || c->readable_to == c->from)
				continue;
			if (c->from > position) {
				s->missing_bytes += c->from - position;
				position = c->from;
			}
			if (c->source == PMT_SOURCE_RING)
				s->ring_bytes += c->readable_to - position;
			position = c->readable_to;
		}
		s->missing_bytes += s->end_position - position;
		trace->ring.bytes += s->ring_bytes;
	}
}

int pmt_index_finish(struct pmt_trace *trace)
{
	size_t count = trace->chunk_count;

	trace->order = malloc((count + 1) * sizeof(*trace->order));
	if (!trace->order)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		trace->order[i] = i;
	qsort_r(trace->order, count, sizeof(*trace->order), compare_chunks,
		trace->chunks);
	trace->stream_count = count_streams(trace);
	trace->streams = calloc(trace->stream_count + 1, sizeof(*trace->streams));
	trace->stream_first =
	    malloc((trace->stream_count + 1) * sizeof(*trace->stream_first));
	if (!trace->streams || !trace->stream_first)
		return -ENOMEM;
	fill_streams(trace);
	pmt_index_count_missing(trace);
	return 0;
}

size_t pmt_index_find_stream(const struct pmt_trace *trace, uint32_t number)
{
	size_t low = 0, high = trace->stream_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (trace->streams[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < trace->stream_count && trace->streams[low].number == number)
		return low;
	return trace->stream_count;
}
