/*
 * Opening a trace: the file, the index, the ring, the end record. Everything that is only
 * read later comes from here.
 */
#include "config.h"

#include "reader/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "reader/index.h"
#include "reader/ring_contexts.h"
#include "reader/ring_file.h"
#include "reader/stream_zero.h"
#include "reader/trace_file.h"
#include "reader/trace_private.h"

struct pmt_problem *pmt_trace_new_problem(struct pmt_trace *trace)
{
	static struct pmt_problem overflow; /* written, never read */
	uint64_t i = trace->problem_count++;

	return i < PMT_TRACE_PROBLEMS_KEPT ? &trace->problems[i] : &overflow;
}

static int set_failed(const struct pmt_trace *trace, int rc, struct pmt_problem *p)
{
	if (rc == -ENOMEM)
		pmt_problem_set(p, PMT_PROBLEM_MEMORY, trace->path, 0, "out of memory");
	else
		pmt_problem_set_errno(p, trace->path, trace->scanned_to, "cannot read",
				      -rc);
	return rc;
}

/*
 * The ring is looked at between two looks at the file: what the drain moves in between
 * is then in both, and nothing is in neither.
 */
static int index_all(struct pmt_trace *trace, struct pmt_problem *p)
{
	struct stat st;
	int rc = 0;

	if (trace->fd >= 0)
		rc = pmt_index_scan(trace, trace->file_bytes, false);
	if (rc == 0)
		rc = pmt_ring_file_salvage(trace);
	if (rc == 0 && trace->fd >= 0) {
		uint64_t bytes = trace->file_bytes;
		if (fstat(trace->fd, &st) == 0 && (uint64_t)st.st_size > bytes)
			bytes = (uint64_t)st.st_size;
		rc = pmt_index_scan(trace, bytes, trace->ring.state != PMT_RING_RUNNING);
	}
	pmt_ring_contexts_place(trace);
	if (rc == 0)
		rc = pmt_index_finish(trace);
	if (rc == 0)
		rc = pmt_stream_zero_find_end(trace);
	return rc ? set_failed(trace, rc, p) : 0;
}

struct pmt_trace *pmt_trace_open(const char *path,
				 const struct pmt_trace_options *options,
				 struct pmt_problem *ret_problem)
{
	struct pmt_problem problem;
	struct pmt_trace *trace = calloc(1, sizeof(*trace));

	pmt_crc32c_init();
	if (!trace || !(trace->path = strdup(path))) {
		pmt_problem_set(ret_problem, PMT_PROBLEM_MEMORY, path, 0,
				"out of memory");
		free(trace);
		return NULL;
	}
	trace->fd = -1;
	trace->ring_copy_fd = -1;
	if (options)
		trace->options = *options;
	if (pmt_trace_file_open(trace, &problem) != 0 ||
	    index_all(trace, &problem) != 0) {
		*ret_problem = problem;
		pmt_trace_close(trace);
		return NULL;
	}
	return trace;
}

void pmt_trace_close(struct pmt_trace *trace)
{
	if (!trace)
		return;
	if (trace->fd >= 0)
		close(trace->fd);
	if (trace->ring_copy_fd >= 0)
		close(trace->ring_copy_fd);
	free(trace->chunks);
	free(trace->order);
	free(trace->streams);
	free(trace->stream_first);
	free(trace->ring_path);
	free(trace->missing_path);
	free(trace->path);
	free(trace);
}

void pmt_trace_set_progress(struct pmt_trace *trace, pmt_progress_fn *progress,
			    void *context)
{
	trace->options.progress = progress;
	trace->options.progress_context = context;
}
