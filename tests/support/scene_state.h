/* A scene while it is built: shared by scene.c, which runs the statements, and
 * scene_records.c, which writes those with a payload. */
#ifndef PMT_TESTS_SUPPORT_SCENE_STATE_H
#define PMT_TESTS_SUPPORT_SCENE_STATE_H

#include <stdint.h>

#include "format/format.h"
#include "support/records.h"
#include "support/scene_words.h"

enum { STREAMS_MAX = 64, CHUNKS_MAX = 256, NEST_MAX = 8 };

struct scene_chunk {
	uint64_t from, to, tick;
	int dropped;
};

struct scene_stream {
	uint32_t number;
	struct test_bytes records;
	struct scene_chunk chunks[CHUNKS_MAX];
	unsigned chunk_count;
	uint64_t begun; /* position at which the chunk under way begins */
	uint64_t tick;
	uint64_t depth;
	uint64_t event_count;
	struct pmt_deltas sums;
	uint64_t last_address; /* of its block records */
};

struct scene {
	struct scene_stream streams[STREAMS_MAX];
	unsigned count;
	struct scene_stream *now;
	struct pmt_file_header header;
	uint64_t tick; /* of the latest statement: where a new stream begins */
	int how;
	int64_t status;
	struct { /* a "times" under way */
		unsigned line;
		uint64_t left;
	} loops[NEST_MAX];
	unsigned loop_count;
};

/* The stream's checkpoint at its time, with the depth and sums that are true. */
void scene_put_checkpoint(struct scene_stream *s);

/* An extended record of numbers. */
void scene_put_numbers(struct scene_stream *s, unsigned ext,
		       const struct pmt_deltas *deltas, uint64_t ticks,
		       const uint64_t *numbers, unsigned count);

/* The stream of that number, made with its first checkpoint when new. */
struct scene_stream *scene_find_stream(struct scene *scene, uint32_t number);
struct scene_stream *scene_new_stream(struct scene *scene, const struct scene_words *w,
				      uint32_t number, uint64_t tick);

/* The index of a word in a list that ends with NULL, or -1. */
int scene_find_word(const char *const *words, const char *word);
extern const char *const scene_op_words[];

/* Runs a statement that is no event; 0 when there is none of that name. */
int scene_do_record(struct scene *scene, const struct scene_words *w);

#endif
