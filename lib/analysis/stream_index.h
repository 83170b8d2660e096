/*
 * Streams by small numbers of our own, in the order in which they were met: what somebody
 * keeps of each is an array. Costs a comparison while records are of one stream.
 */
#ifndef PMT_ANALYSIS_STREAM_INDEX_H
#define PMT_ANALYSIS_STREAM_INDEX_H

#include <stdint.h>

#include "analysis/map.h"
#include "base/attr.h"

/* All zero is empty and owns nothing. */
struct pmt_stream_index {
	struct pmt_map by_number;
	uint32_t count;
	uint32_t recent_number; /* the stream asked for last, when there is one */
	uint32_t recent;
};

void pmt_stream_index_close(struct pmt_stream_index *index);

/* The slow path of pmt_stream_index_get. */
int pmt_stream_index_find(struct pmt_stream_index *index, uint32_t number,
			  uint32_t *ret_index) PMT_MUST_CHECK;

/* The index of a stream; a new one has the next. 0 or -ENOMEM. */
PMT_MUST_CHECK static inline int
pmt_stream_index_get(struct pmt_stream_index *index, uint32_t number, uint32_t *ret_index)
{
	if (index->count == 0 || index->recent_number != number)
		return pmt_stream_index_find(index, number, ret_index);
	*ret_index = index->recent;
	return 0;
}

#endif
