/*
 * How fast the reader gives events: writes a trace of known events into a temporary file
 * and reads it, as one stream and as four that interleave. Prints million records a
 * second; the budget is in lib/reader/stream_reader.c.
 *
 *   reader_speed [million records]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "reader/cursor.h"
#include "reader/trace.h"
#include "tests/support/trace_writer.h"

enum { CHUNK_RECORDS = 60000, STREAMS_MAX = 4 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The mix that the tracer writes: a clock every 16 events, malloc or objects in a fifth,
 * some hundred functions. */
static void put_event(struct test_bytes *b, uint32_t i, unsigned *depth)
{
	struct pmt_deltas d = {.allocated_bytes = 0};

	if (i % 5 == 0) {
		d.object_bytes = 56 + i % 200;
		d.object_count = 1 + i % 3;
	}
	if (i % 40 == 0) {
		d.allocated_bytes = 1024;
		d.allocated_count = 1;
	}
	uint64_t ticks = i % 16 == 0 ? 40 + i % 50 : 0;
	uint32_t random = i * 2654435769u >> 24;
	if (*depth == 0 || (*depth < 20 && random < 128)) {
		test_put_enter(b, PMT_OP_START, random, ticks, &d);
		++*depth;
	} else {
		test_put_leave(b, PMT_OP_RETURN, ticks, &d);
		--*depth;
	}
}

static const char *write_trace(uint32_t records, unsigned streams)
{
	struct pmt_file_header h = test_file_header();
	struct test_bytes trace = {NULL, 0, 0}, piece = {NULL, 0, 0};
	uint64_t position[STREAMS_MAX] = {0};
	unsigned depth[STREAMS_MAX] = {0};

	test_add_header(&trace, &h);
	for (uint32_t done = 0, chunk = 0; done < records; chunk++) {
		unsigned n = chunk % streams;
		piece.size = 0;
		if (position[n] == 0)
			test_put_checkpoint(&piece, 1000 + n, 0, 0);
		for (unsigned i = 0; i < CHUNK_RECORDS; i++)
			put_event(&piece, done++, &depth[n]);
		test_add_chunk_at(&trace, n + 1, &piece, position[n], PMT_CODEC_LZ4, 0);
		position[n] += piece.size;
	}
	const char *path = test_write_file("speed.bin", &trace);
	printf("%u streams: %.2f bytes a record in the file\n", streams,
	       (double)trace.size / records);
	test_bytes_close(&trace);
	test_bytes_close(&piece);
	return path;
}

static void measure(uint32_t records, unsigned streams)
{
	struct pmt_problem problem;
	const char *path = write_trace(records, streams);

	for (int round = 0; round < 3; round++) {
		double begin = now_s();
		struct pmt_trace *trace = pmt_trace_open(path, NULL, &problem);
		struct pmt_cursor *cursor = pmt_cursor_new_merged(trace, NULL);
		uint64_t count = 0, bytes = 0;
		const struct pmt_event *e;
		while ((e = pmt_cursor_next(cursor))) {
			count++;
			bytes += e->record.deltas.object_bytes;
		}
		double s = now_s() - begin;
		printf("  %.1f million records/s, %.1f ns each (%llu records, %llu "
		       "bytes)\n",
		       (double)count / s / 1e6, s / (double)count * 1e9,
		       (unsigned long long)count, (unsigned long long)bytes);
		pmt_cursor_free(cursor);
		pmt_trace_close(trace);
	}
}

int main(int argc, char **argv)
{
	uint32_t records = (argc > 1 ? (uint32_t)atoi(argv[1]) : 20) * 1000000u;

	measure(records, 1);
	measure(records, STREAMS_MAX);
	return 0;
}
