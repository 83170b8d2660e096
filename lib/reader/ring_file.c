/*
 * Finds the ring that belongs to a trace and judges whether it is the right one; or the
 * trace that belongs to a ring. ring_copy.c takes what is in it.
 */
#include "config.h"

#include "reader/ring_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "reader/ring_copy.h"
#include "reader/stream_zero.h"
#include "reader/trace_file.h"
#include "reader/trace_private.h"

static bool same_process(const struct pmt_file_header *a, const struct pmt_file_header *b)
{
	return memcmp(a->run_id, b->run_id, sizeof(a->run_id)) == 0 && a->pid == b->pid &&
	       a->process_start == b->process_start && a->generation == b->generation;
}

static bool file_header_valid(const struct pmt_file_header *h)
{
	return memcmp(h->magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES) == 0 &&
	       h->crc == pmt_crc32c(0, h, sizeof(*h) - sizeof(h->crc)) &&
	       h->ticks_per_second != 0 && h->page_bytes != 0;
}

/* Reads and judges the ring's header page; text of what is wrong, or NULL. */
static const char *read_header(struct pmt_ring_copy *ring)
{
	struct pmt_ring_header *h = &ring->header;

	if (pmt_trace_pread(ring->fd, h, sizeof(*h), 0) != sizeof(*h))
		return "expected a ring header, the file is too short";
	if (memcmp(h->magic, PMT_RING_MAGIC, sizeof(h->magic)) != 0)
		return "expected a ring (bytes PMTRING)";
	if (h->version != PMT_RING_VERSION)
		return "expected a ring of version 1";
	if (h->slot_control_bytes != PMT_RING_CONTROL_BYTES || h->slot_data_bytes < 64 ||
	    h->slot_data_bytes > PMT_CHUNK_RAW_BYTES_MAX ||
	    (h->slot_data_bytes & (h->slot_data_bytes - 1)))
		return "expected slots of a possible size";
	if (!file_header_valid(&h->file))
		return "expected the trace's file header inside the ring's";
	h->trace_path[PMT_RING_PATH_BYTES - 1] = '\0';
	return NULL;
}

/* Forgets the chunks of a copy that could not be finished. */
static void drop_ring_chunks(struct pmt_trace *trace, size_t count_before)
{
	trace->chunk_count = count_before;
}

static int salvage_open(struct pmt_ring_copy *ring)
{
	struct pmt_trace *trace = ring->trace;
	size_t chunks_before = trace->chunk_count;
	const char *wrong = read_header(ring);

	if (wrong) {
		trace->ring.state = PMT_RING_BAD;
		pmt_ring_copy_say(ring, 0, wrong);
		return 0;
	}
	if (!same_process(&ring->header.file, &trace->header)) {
		trace->ring.state = PMT_RING_FOREIGN;
		return 0;
	}
	for (int i = 0; i < PMT_LOSS_COUNT; i++)
		trace->ring.lost[i] = pmt_load_relaxed(&ring->header.lost[i]);
	if (pmt_load32_acquire(&ring->header.closed) == 1) {
		trace->ring.state = PMT_RING_CLOSED;
		return 0;
	}
	trace->ring.state =
	    pmt_trace_process_runs(trace) ? PMT_RING_RUNNING : PMT_RING_SALVAGED;
	int rc = pmt_ring_copy_make(ring);
	if (rc != 0 && rc != -ENOMEM) {
		struct pmt_problem *p = pmt_trace_new_problem(trace);
		pmt_problem_set_errno(p, ring->path, 0, "cannot copy the ring", -rc);
		drop_ring_chunks(trace, chunks_before);
		trace->ring.state = PMT_RING_BAD;
		rc = 0;
	}
	return rc;
}

/* Where the tracer makes rings: what it would have told in the first chunk. */
static int guess_path(struct pmt_trace *trace, int guess, char **ret_path)
{
	const struct pmt_file_header *h = &trace->header;
	char id[2 * 8 + 1];

	if (guess > 0)
		return asprintf(ret_path, "%s.ring", trace->path);
	for (size_t i = 0; i < sizeof(id) / 2; i++)
		snprintf(id + 2 * i, 3, "%02x", h->run_id[i]);
	return asprintf(ret_path, "/dev/shm/pymemtrace-%s-%u-%u.ring", id, h->pid,
			h->generation);
}

/* A process killed before its first chunk was written has not named its ring: looks
 * whether there is one by the usual names. 0 with trace->ring_path perhaps set. */
static int guess_ring(struct pmt_trace *trace)
{
	for (int guess = 0; guess < 2 && !trace->ring_path; guess++) {
		char *path;
		if (guess_path(trace, guess, &path) < 0)
			return -ENOMEM;
		if (access(path, F_OK) == 0)
			trace->ring_path = path;
		else
			free(path);
	}
	return 0;
}

/* Sets trace->ring_path, if there is anything to set it to. 0 or -ENOMEM. */
static int find_path(struct pmt_trace *trace)
{
	if (trace->ring_path) /* a ring was opened by its own name */
		return 0;
	if (trace->options.ring_path) {
		trace->ring_path = strdup(trace->options.ring_path);
		return trace->ring_path ? 0 : -ENOMEM;
	}
	int rc = pmt_stream_zero_ring_path(trace, &trace->ring_path);
	return rc == -ENOENT ? guess_ring(trace) : rc;
}

static void say_unopened(struct pmt_trace *trace, const struct pmt_problem *problem)
{
	bool gone = problem->kind == PMT_PROBLEM_IO && problem->error_number == ENOENT;

	trace->ring.state = gone ? PMT_RING_GONE : PMT_RING_BAD;
	if (!gone || trace->options.ring_path)
		*pmt_trace_new_problem(trace) = *problem;
}

int pmt_ring_file_salvage(struct pmt_trace *trace)
{
	struct pmt_ring_copy ring = {.trace = trace};
	struct pmt_problem problem;

	if (trace->options.no_ring) {
		trace->ring.state = PMT_RING_IGNORED;
		return 0;
	}
	int rc = find_path(trace);
	if (rc != 0 || !trace->ring_path)
		return rc;
	if (!trace->ring_path[0]) {
		trace->ring.state = PMT_RING_PRIVATE;
		return 0;
	}
	trace->ring.path = ring.path = trace->ring_path;
	ring.fd = pmt_trace_file_open_regular(ring.path, &ring.file_bytes, &problem);
	if (ring.fd < 0) {
		say_unopened(trace, &problem);
		return 0;
	}
	rc = salvage_open(&ring);
	close(ring.fd);
	return rc;
}

int pmt_ring_file_adopt(struct pmt_trace *trace, struct pmt_problem *ret_problem)
{
	struct pmt_ring_copy ring = {
	    .trace = trace,
	    .path = trace->path,
	    .fd = trace->fd,
	    .file_bytes = trace->file_bytes,
	};
	const char *wrong = read_header(&ring);
	struct stat st;

	if (!wrong && trace->ring_path)
		wrong = "expected a trace: a ring names this ring as its trace";
	if (wrong) {
		pmt_problem_set(ret_problem, PMT_PROBLEM_DAMAGED, trace->path, 0, "%s",
				wrong);
		return -EBADMSG;
	}
	close(trace->fd);
	trace->fd = -1;
	trace->ring_path = trace->path;
	trace->path = strdup(ring.header.trace_path);
	if (!trace->path) {
		pmt_problem_set(ret_problem, PMT_PROBLEM_MEMORY, trace->ring_path, 0,
				"out of memory");
		return -ENOMEM;
	}
	if (stat(trace->path, &st) == 0)
		return pmt_trace_file_open(trace, ret_problem);
	/* The ring alone. */
	trace->header = ring.header.file;
	trace->file_bytes = 0;
	trace->missing_path = trace->path;
	trace->path = strdup(trace->ring_path);
	if (!trace->path) {
		pmt_problem_set(ret_problem, PMT_PROBLEM_MEMORY, trace->ring_path, 0,
				"out of memory");
		return -ENOMEM;
	}
	return 0;
}
