/* Opens the trace's file and checks its header; see trace.h for what comes after. */
#ifndef PMT_READER_TRACE_FILE_H
#define PMT_READER_TRACE_FILE_H

#include <stdint.h>

#include "base/attr.h"
#include "reader/trace.h"

/* Opens trace->path, a trace or a ring; fills fd, file_bytes, header, scanned_to. 0, or
 * a negative errno with *ret_problem filled. */
int pmt_trace_file_open(struct pmt_trace *trace,
			struct pmt_problem *ret_problem) PMT_MUST_CHECK;

/* A descriptor of a regular, non-empty file, or -1 with *ret_problem filled. */
int pmt_trace_file_open_regular(const char *path, uint64_t *ret_bytes,
				struct pmt_problem *ret_problem) PMT_MUST_CHECK;

#endif
