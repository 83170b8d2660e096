/* The two things that opening a trace must find inside stream 0: the ring's name and the
 * end record. */
#ifndef PMT_READER_STREAM_ZERO_H
#define PMT_READER_STREAM_ZERO_H

#include "base/attr.h"
#include "reader/trace.h"

/* The value of INFO `ring`: a copy that the caller frees; empty when the process kept its
 * ring in private memory. 0; -ENOENT when no readable chunk so far has it; -ENOMEM. Uses
 * only trace->chunks, in file order. */
int pmt_stream_zero_ring_path(struct pmt_trace *trace, char **ret_path) PMT_MUST_CHECK;

/* Looks for the end record in the stream's last chunk, sets trace->ended and end.
 * Comes after pmt_index_finish. 0 or -ENOMEM. */
int pmt_stream_zero_find_end(struct pmt_trace *trace) PMT_MUST_CHECK;

#endif
