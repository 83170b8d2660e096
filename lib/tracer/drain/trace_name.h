/* Which file a process writes: trace.bin, or a name beside it. */
#ifndef PMT_TRACER_DRAIN_TRACE_NAME_H
#define PMT_TRACER_DRAIN_TRACE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "format/format.h"

/*
 * Creates the file under the rules of pmt_trace_file_create and returns its descriptor
 * (write only, empty), or a negative errno: -EINVAL for something that is no regular
 * file. path gets the name, header->generation the N of wanted.PID.N; *ret_is_foreign:
 * the name wanted is that of a file which is no trace, or which may not be moved away.
 */
int pmt_trace_name_create(char *path, size_t size, const char *wanted,
			  struct pmt_file_header *header, bool *ret_is_foreign);

#endif
