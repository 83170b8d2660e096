/* The inside of struct pmt_trace, for the files of lib/reader only. */
#ifndef PMT_READER_TRACE_PRIVATE_H
#define PMT_READER_TRACE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/trace.h"

struct pmt_trace {
	char *path;
	int fd; /* -1 when only a ring is there */
	uint64_t file_bytes;
	struct pmt_file_header header;
	struct pmt_trace_options options;

	/* The index: chunks in file order, and their numbers by stream and position. */
	struct pmt_chunk *chunks;
	size_t chunk_count;
	size_t chunk_room;
	size_t *order; /* chunk_count numbers of chunks */
	struct pmt_stream *streams;
	size_t *stream_first; /* stream i has order[first[i]] up to first[i + 1] */
	size_t stream_count;
	uint64_t scanned_to; /* the file's bytes below it are indexed */

	struct pmt_trace_ring ring;
	char *ring_path;
	char *missing_path; /* a ring was opened alone: the trace that it names */
	int ring_copy_fd; /* an unlinked file with what was taken from the ring, or -1 */

	bool ended;
	struct pmt_trace_end end;
	int end_signal; /* pmt_recover_set_signal */

	struct pmt_problem problems[PMT_TRACE_PROBLEMS_KEPT];
	uint64_t problem_count;
};

/* Room for the next problem: kept while there is some, counted always. */
struct pmt_problem *pmt_trace_new_problem(struct pmt_trace *trace);

/* Reads size bytes at offset of fd; returns how many there were, or a negative errno. */
int64_t pmt_trace_pread(int fd, void *buffer, size_t size, uint64_t offset);

#endif
