/* What an opened trace says about itself: read-only views of struct pmt_trace. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/index.h"
#include "reader/trace.h"
#include "reader/trace_private.h"

const char *pmt_trace_path(const struct pmt_trace *trace)
{
	return trace->path;
}

const struct pmt_file_header *pmt_trace_header(const struct pmt_trace *trace)
{
	return &trace->header;
}

const struct pmt_trace_ring *pmt_trace_ring(const struct pmt_trace *trace)
{
	return &trace->ring;
}

uint64_t pmt_trace_file_bytes(const struct pmt_trace *trace)
{
	return trace->file_bytes;
}

bool pmt_trace_end(const struct pmt_trace *trace, struct pmt_trace_end *ret_end)
{
	if (trace->ended)
		*ret_end = trace->end;
	return trace->ended;
}

/* Field 22 of /proc/PID/stat. The command name, field 2, may hold anything but is
 * closed by the last parenthesis. */
static bool parse_start(const char *stat, uint64_t *ret_start)
{
	const char *p = strrchr(stat, ')');
	char *end;

	if (!p || strlen(p) < 3 || p[2] == 'Z') /* a zombie runs no more */
		return false;
	p++;
	for (int field = 3; field < 22; field++) {
		p = strchr(p + 1, ' ');
		if (!p)
			return false;
	}
	*ret_start = strtoull(p, &end, 10);
	return end != p;
}

bool pmt_trace_process_runs(const struct pmt_trace *trace)
{
	char path[64], stat[1024];
	uint64_t start;
	bool runs = false;

	snprintf(path, sizeof(path), "/proc/%u/stat", trace->header.pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	size_t got = fread(stat, 1, sizeof(stat) - 1, f);
	stat[got] = '\0';
	if (parse_start(stat, &start))
		runs = start == trace->header.process_start;
	fclose(f);
	return runs;
}

size_t pmt_trace_stream_count(const struct pmt_trace *trace)
{
	return trace->stream_count;
}

const struct pmt_stream *pmt_trace_stream(const struct pmt_trace *trace, size_t i)
{
	return &trace->streams[i];
}

const struct pmt_stream *pmt_trace_find_stream(const struct pmt_trace *trace,
					       uint32_t number)
{
	size_t i = pmt_index_find_stream(trace, number);

	return i < trace->stream_count ? &trace->streams[i] : NULL;
}

size_t pmt_trace_chunk_count(const struct pmt_trace *trace)
{
	return trace->chunk_count;
}

const struct pmt_chunk *pmt_trace_chunk(const struct pmt_trace *trace, size_t i)
{
	return &trace->chunks[i];
}

uint64_t pmt_trace_problem_count(const struct pmt_trace *trace)
{
	return trace->problem_count;
}

const struct pmt_problem *pmt_trace_problem(const struct pmt_trace *trace, size_t i)
{
	return i < trace->problem_count && i < PMT_TRACE_PROBLEMS_KEPT
		   ? &trace->problems[i]
		   : NULL;
}

uint64_t pmt_trace_missing_bytes(const struct pmt_trace *trace)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < trace->stream_count; i++)
		missing += trace->streams[i].missing_bytes;
	return missing;
}
