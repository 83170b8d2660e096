/*
 * Makes the golden traces of the current format version, and from them the first inputs
 * of the fuzzers: make_golden FOLDER. Run by hand when a version is born; what it made
 * then stays, so that later readers are held to it. See README.md beside this file.
 *
 *   all_kinds.bin        one record of each kind, in chunks of both codecs
 *   killed.bin, .ring    the same told by a process that was killed half way: the rest
 *                        is in its ring
 *   stream_N             the streams' bytes
 *   blocks.bin           version 2: blocks in short records, in chunks of both codecs
 *   blocks               its stream's bytes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/all_kinds.h"
#include "support/coded_blocks.h"
#include "support/trace_writer.h"

enum { STREAMS = 3, DATA_BYTES = 1024, PIECE_RECORDS = 5 };

/* Streams as bytes, and after which of them each fifth record ends. */
struct stream {
	struct test_bytes bytes;
	size_t piece_end[32];
	unsigned piece_count;
};

static struct stream streams[STREAMS];

static void tell_streams(void)
{
	size_t count;
	const struct told_record *told = test_all_kinds(&count);
	unsigned records[STREAMS] = {0};

	for (size_t i = 0; i < count; i++) {
		struct stream *s = &streams[told[i].stream];
		test_put_record(&s->bytes, &told[i].record);
		if (++records[told[i].stream] % PIECE_RECORDS == 0)
			s->piece_end[s->piece_count++] = s->bytes.size;
	}
	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *s = &streams[i];
		if (s->piece_count == 0 ||
		    s->piece_end[s->piece_count - 1] < s->bytes.size)
			s->piece_end[s->piece_count++] = s->bytes.size;
	}
}

/* The first `pieces` pieces of each stream as chunks, streams in turn. */
static void add_chunks(struct test_bytes *trace, unsigned pieces)
{
	for (unsigned piece = 0; piece < pieces; piece++)
		for (uint32_t i = 0; i < STREAMS; i++) {
			struct stream *s = &streams[i];
			if (piece >= s->piece_count)
				continue;
			test_add_chunk(
			    trace, i, &s->bytes, piece ? s->piece_end[piece - 1] : 0,
			    s->piece_end[piece], i == 2 ? PMT_CODEC_LZ4 : PMT_CODEC_NONE,
			    4000 + piece);
		}
}

static void write_file(const char *folder, const char *name, const struct test_bytes *b)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "we");
	if (!f || fwrite(b->bytes, 1, b->size, f) != b->size || fclose(f) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

static void write_killed(const char *folder, const struct pmt_file_header *h)
{
	struct test_bytes trace = {NULL, 0, 0}, ring = {NULL, 0, 0};
	struct test_slot slots[STREAMS];

	test_add_header(&trace, h);
	add_chunks(&trace, 2);
	for (uint32_t i = 0; i < STREAMS; i++)
		slots[i] = (struct test_slot){
		    .state = i == 2 ? PMT_SLOT_DEAD : PMT_SLOT_ACTIVE,
		    .stream = i,
		    .tail = streams[i].piece_end[0], /* the second was just written */
		    .head = streams[i].bytes.size,
		    .records = &streams[i].bytes,
		};
	test_add_ring(&ring, h, "killed.bin", DATA_BYTES, slots, STREAMS, 0);
	write_file(folder, "killed.bin", &trace);
	write_file(folder, "killed.bin.ring", &ring);
	test_bytes_close(&trace);
	test_bytes_close(&ring);
}

static void write_blocks(const char *folder)
{
	static struct test_coded coded;
	struct pmt_file_header h = test_coded_header();
	struct test_bytes trace = {NULL, 0, 0}, zero = {NULL, 0, 0};
	size_t half;

	test_coded_story(&coded);
	half = coded.bytes.size;
	test_coded_story(&coded); /* again: from a checkpoint on nothing else counts */
	test_put_checkpoint(&zero, 900, 0, 0);
	test_put_info(&zero, "mode", "allocs");
	test_put_end(&zero, PMT_END_EXIT, 0, 0);
	test_add_header(&trace, &h);
	test_add_coded_chunk(&trace, 0, &zero, 0, zero.size, PMT_CODEC_NONE, 4000);
	test_add_coded_chunk(&trace, 1, &coded.bytes, 0, half, PMT_CODEC_NONE, 4000);
	test_add_coded_chunk(&trace, 1, &coded.bytes, half, coded.bytes.size,
			     PMT_CODEC_LZ4, 4001);
	write_file(folder, "blocks.bin", &trace);
	write_file(folder, "blocks", &coded.bytes);
	test_bytes_close(&trace);
	test_bytes_close(&zero);
	test_bytes_close(&coded.bytes);
}

int main(int argc, char **argv)
{
	struct pmt_file_header h = test_file_header();
	struct test_bytes trace = {NULL, 0, 0};

	if (argc != 2) {
		fprintf(stderr, "usage: make_golden FOLDER\n");
		return 2;
	}
	tell_streams();
	test_add_header(&trace, &h);
	add_chunks(&trace, 32);
	write_file(argv[1], "all_kinds.bin", &trace);
	write_killed(argv[1], &h);
	write_blocks(argv[1]);
	for (uint32_t i = 0; i < STREAMS; i++) {
		char name[16];
		snprintf(name, sizeof(name), "stream_%u", i);
		write_file(argv[1], name, &streams[i].bytes);
		test_bytes_close(&streams[i].bytes);
	}
	test_bytes_close(&trace);
	return 0;
}
