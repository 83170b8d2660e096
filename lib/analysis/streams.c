/* A growing array of stream states. */
#include "analysis/streams.h"

#include <errno.h>
#include <stdlib.h>

void pmt_streams_close(struct pmt_streams *streams)
{
	for (uint32_t i = 0; i < streams->count; i++) {
		pmt_shadow_close(&streams->items[i].shadow);
		free(streams->items[i].open_nodes);
	}
	free(streams->items);
	pmt_map_close(&streams->by_number);
	*streams = (struct pmt_streams){0};
}

int pmt_streams_find(struct pmt_streams *streams, uint32_t number,
		     struct pmt_stream_state **ret_stream)
{
	uint32_t found = pmt_map_find(&streams->by_number, number);

	if (found == PMT_MAP_NONE) {
		if (streams->count == streams->capacity) {
			uint32_t capacity =
			    streams->capacity ? streams->capacity * 2 : 16;
			struct pmt_stream_state *items =
			    realloc(streams->items, capacity * sizeof(*items));

			if (!items)
				return -ENOMEM;
			streams->items = items;
			streams->capacity = capacity;
		}
		found = streams->count;
		int error = pmt_map_put(&streams->by_number, number, found);
		if (error)
			return error;
		streams->items[streams->count++] =
		    (struct pmt_stream_state){.number = number};
	}
	streams->recent = found;
	*ret_stream = &streams->items[found];
	return 0;
}

uint32_t pmt_streams_thread_count(const struct pmt_streams *streams)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < streams->count; i++)
		count += pmt_streams_is_thread(&streams->items[i]);
	return count;
}
