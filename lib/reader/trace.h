/*
 * A trace file, opened for reading: the facts of its header, the index of its chunks,
 * and what a ring still holds of it. Only an index is kept in memory (64 bytes a chunk);
 * events come from cursors (cursor.h), names from tables (tables.h).
 *
 *   path -> pmt_trace_open -> pmt_cursor_new_merged -> pmt_cursor_next ... -> views
 *
 * One thread at a time may use a trace and its cursors.
 */
#ifndef PMT_READER_TRACE_H
#define PMT_READER_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/format.h"
#include "format/payload.h"
#include "format/ring_layout.h"
#include "reader/problem.h"

/* Where a chunk's bytes lie. */
enum pmt_chunk_source {
	PMT_SOURCE_TRACE = 0, /* in the trace file */
	PMT_SOURCE_RING = 1,  /* salvaged from the ring: raw, no checksum */
};

struct pmt_chunk {
	uint64_t from; /* stream positions of its raw bytes */
	uint64_t to;
	/* Below it the bytes are good as far as known: to, until a cursor finds damage.
	 */
	uint64_t readable_to;
	uint64_t tick;   /* the clock when it was written; 0 when from the ring */
	uint64_t offset; /* of its header in the file; of its bytes in the ring's copy */
	uint32_t stream;
	uint32_t stored_bytes; /* behind the header; from the ring: raw size */
	uint32_t payload_crc;
	uint8_t codec;  /* enum pmt_codec */
	uint8_t form;   /* enum pmt_form */
	uint8_t source; /* enum pmt_chunk_source */
	bool is_mended; /* one bit of its payload is wrong in the file; was said */
	/* Made from calling contexts in the ring, behind all that stream 0 has. */
	bool is_contexts;
};

struct pmt_stream {
	uint32_t number; /* as in the file; 0 is the process's own */
	uint64_t chunk_count;
	uint64_t stored_bytes;  /* its chunks' payloads in file and ring */
	uint64_t ring_bytes;    /* of these, salvaged from the ring */
	uint64_t end_position;  /* the highest position any chunk reaches */
	uint64_t missing_bytes; /* positions below it that no chunk covers */
};

/* What was found of the ring that the trace names. */
enum pmt_ring_state {
	PMT_RING_UNNAMED = 0, /* the trace names none, and none is where it would be */
	PMT_RING_PRIVATE,     /* in the process's own memory: died with it */
	PMT_RING_GONE,        /* named, no such file: drained and removed, or lost */
	PMT_RING_FOREIGN,     /* there, but of another run */
	PMT_RING_BAD,         /* there, but unreadable or no ring: see the problem */
	PMT_RING_CLOSED,      /* there; says that the trace holds everything */
	PMT_RING_SALVAGED,    /* there; its bytes are part of what cursors give */
	PMT_RING_RUNNING,     /* the same, and its process still runs: a snapshot */
	PMT_RING_IGNORED,     /* not looked for: options.no_ring */
};

struct pmt_trace_ring {
	enum pmt_ring_state state;
	const char *path;              /* NULL when unnamed */
	uint32_t slot_count;           /* slots in use */
	uint64_t bytes;                /* taken from it that the trace did not have */
	uint64_t lost[PMT_LOSS_COUNT]; /* the process's own count, by cause */
};

/* done and total are bytes of the trace; total never changes during one pass. */
typedef void pmt_progress_fn(void *context, uint64_t done, uint64_t total);

struct pmt_trace_options {
	const char *ring_path; /* instead of the one the trace names; may be NULL */
	bool no_ring;          /* the trace file alone */
	pmt_progress_fn
	    *progress; /* about every chunk, also while opening; may be NULL */
	void *progress_context;
};

struct pmt_trace;

/*
 * Opens a trace, or a ring file (then the trace that it names is opened with it, or the
 * ring alone when that is missing). options may be NULL. NULL when there is nothing to
 * read: *ret_problem says why. Damage behind the file header is no reason to fail: see
 * pmt_trace_problem.
 */
struct pmt_trace *pmt_trace_open(const char *path,
				 const struct pmt_trace_options *options,
				 struct pmt_problem *ret_problem) PMT_MUST_CHECK;
void pmt_trace_close(struct pmt_trace *trace);

/* From now on this is told about progress, or nobody (NULL). */
void pmt_trace_set_progress(struct pmt_trace *trace, pmt_progress_fn *progress,
			    void *context);

/* The trace's file; the ring's when it was opened alone. */
const char *pmt_trace_path(const struct pmt_trace *trace);
const struct pmt_file_header *pmt_trace_header(const struct pmt_trace *trace);
const struct pmt_trace_ring *pmt_trace_ring(const struct pmt_trace *trace);
uint64_t pmt_trace_file_bytes(const struct pmt_trace *trace);

/* The end record of stream 0, looked up while opening. False: the process was killed,
 * crashed, still runs, or the file is cut. */
struct pmt_trace_end {
	enum pmt_end how;
	int64_t status; /* exit status or signal number */
	uint64_t event_count;
};
bool pmt_trace_end(const struct pmt_trace *trace, struct pmt_trace_end *ret_end);

/* True when a process with the trace's pid and start time exists on this machine. */
bool pmt_trace_process_runs(const struct pmt_trace *trace);

/* Streams by ascending number; i < count. find returns NULL for an unknown number. */
size_t pmt_trace_stream_count(const struct pmt_trace *trace);
const struct pmt_stream *pmt_trace_stream(const struct pmt_trace *trace, size_t i);
const struct pmt_stream *pmt_trace_find_stream(const struct pmt_trace *trace,
					       uint32_t number);

/* Chunks in file order, those of the ring last; i < count. */
size_t pmt_trace_chunk_count(const struct pmt_trace *trace);
const struct pmt_chunk *pmt_trace_chunk(const struct pmt_trace *trace, size_t i);

/*
 * Damage: found while opening, or since by cursors. Each damaged place counts once; the
 * first PMT_TRACE_PROBLEMS_KEPT are kept, in the order they were found, so problem 0 is
 * the first error. missing_bytes is about raw stream bytes that no readable chunk holds.
 */
enum { PMT_TRACE_PROBLEMS_KEPT = 32 };
uint64_t pmt_trace_problem_count(const struct pmt_trace *trace);
const struct pmt_problem *pmt_trace_problem(const struct pmt_trace *trace, size_t i);
uint64_t pmt_trace_missing_bytes(const struct pmt_trace *trace);

#endif
