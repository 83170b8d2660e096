/* A growing array of lines and a map to find them. */
#include "analysis/lines.h"

#include <errno.h>
#include <stdlib.h>

void pmt_lines_close(struct pmt_lines *lines)
{
	free(lines->items);
	pmt_map_close(&lines->index);
	*lines = (struct pmt_lines){0};
}

static int append(struct pmt_lines *lines, uint32_t function, uint32_t number)
{
	if (lines->count == lines->capacity) {
		uint32_t capacity = lines->capacity ? lines->capacity * 2 : 256;
		struct pmt_line *items = realloc(lines->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		lines->items = items;
		lines->capacity = capacity;
	}
	lines->items[lines->count++] =
	    (struct pmt_line){.function = function, .number = number};
	return 0;
}

int pmt_lines_get(struct pmt_lines *lines, uint32_t function, uint32_t number,
		  struct pmt_line **ret_line)
{
	uint64_t key = (uint64_t)function << 32 | number;
	uint32_t found = pmt_map_find(&lines->index, key);

	if (found == PMT_MAP_NONE) {
		int error = append(lines, function, number);

		found = lines->count - 1;
		if (!error)
			error = pmt_map_put(&lines->index, key, found);
		if (error)
			return error;
	}
	*ret_line = &lines->items[found];
	return 0;
}
