/*
 * The trace file of this process, as the drain writes it: created once by an absolute
 * path, then opened, checked, appended to and closed for each chunk, because a daemon
 * may close descriptors it does not own and write to the reused number.
 */
#ifndef PMT_TRACER_DRAIN_TRACE_FILE_H
#define PMT_TRACER_DRAIN_TRACE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/options.h"
#include "format/format.h"
#include "format/ring_layout.h"

struct pmt_trace_file {
	char path[PMT_RING_PATH_BYTES]; /* absolute; empty: no file could be made */
	dev_t device;
	ino_t inode;
	uint64_t size;
	uint64_t max_bytes; /* 0: unbounded */
	int error;          /* of the last write, 0 after a good one */
	bool full;          /* near max_bytes: no more events, please */
	bool ends_full;     /* there will be events: max_bytes is the end */
	bool is_elsewhere;  /* the name wanted is a foreign file's */
	uint8_t codec;
	uint8_t form;           /* enum pmt_form, of all chunks */
	uint8_t hurried_chunks; /* still to be compressed in a hurry */
	/* Whole pages, from open to the end of the process: a chunk being made, and
	 * lz4's state. */
	uint8_t *chunk;
	uint8_t *lz4_state;
};

/*
 * Chooses a name and creates the file, mode 0600, with its header. wanted is the path of
 * the option `out`, made absolute. An existing trace of a dead process becomes *.old;
 * one that a living process of any run owns, or any of this run, stays: this process
 * then writes wanted.PID, and wanted.PID.N after an exec. Sets header->generation.
 * Returns 0 or a negative errno, with nothing left behind.
 */
int pmt_trace_file_create(struct pmt_trace_file *file, const struct pmt_options *options,
			  const char *wanted, struct pmt_file_header *header);

/* Whether max_size leaves room for what is nice to have: samples. */
static inline bool pmt_trace_file_has_room(const struct pmt_trace_file *file)
{
	return !file->max_bytes || file->size < file->max_bytes;
}

/* Appends a chunk: chunk->stream, from and to are given, the rest is filled in. Returns
 * 0, or a negative errno with the file as it was. Says once what fails. */
int pmt_trace_file_append(struct pmt_trace_file *file, struct pmt_chunk_header *chunk,
			  const uint8_t *bytes);

/* Takes the last chunks out of a file that has no room for `bytes` more. Returns how many
 * bytes of streams were in them, 0 when nothing could be done. */
uint64_t pmt_trace_file_make_room(struct pmt_trace_file *file, uint64_t bytes);

#endif
