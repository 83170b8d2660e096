/*
 * The index of a trace: which bytes of which stream lie where. Built from chunk headers
 * alone; where a header is damaged, the next good one is searched for.
 */
#ifndef PMT_READER_INDEX_H
#define PMT_READER_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "reader/trace.h"

/* Appends a chunk; 0 or -ENOMEM. */
int pmt_index_add(struct pmt_trace *trace, const struct pmt_chunk *chunk) PMT_MUST_CHECK;

/*
 * Indexes the file from trace->scanned_to to file_bytes. Unless final, an incomplete
 * chunk at the end is left for the next call, and is no problem. 0, -ENOMEM or -EIO.
 */
int pmt_index_scan(struct pmt_trace *trace, uint64_t file_bytes,
		   bool final) PMT_MUST_CHECK;

/* Sorts chunks by stream and position and fills in the streams; 0 or -ENOMEM. */
int pmt_index_finish(struct pmt_trace *trace) PMT_MUST_CHECK;

/* Sums anew what is missing from each stream, after damage was found. */
void pmt_index_count_missing(struct pmt_trace *trace);

/* The place of a stream in trace->streams, or trace->stream_count. */
size_t pmt_index_find_stream(const struct pmt_trace *trace, uint32_t number);

/* True when 48 bytes are a chunk header that a writer could have made. */
bool pmt_index_header_valid(const struct pmt_chunk_header *h);

#endif
