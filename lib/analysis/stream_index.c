/* A map, and what it said last. */
#include "analysis/stream_index.h"

void pmt_stream_index_close(struct pmt_stream_index *index)
{
	pmt_map_close(&index->by_number);
	*index = (struct pmt_stream_index){0};
}

int pmt_stream_index_find(struct pmt_stream_index *index, uint32_t number,
			  uint32_t *ret_index)
{
	uint32_t found = pmt_map_find(&index->by_number, number);

	if (found == PMT_MAP_NONE) {
		found = index->count;
		int error = pmt_map_put(&index->by_number, number, found);

		if (error)
			return error;
		index->count++;
	}
	index->recent_number = number;
	index->recent = found;
	*ret_index = found;
	return 0;
}
