/* Calling contexts by stream and id. */
#include "analysis/blocks.h"

#include <errno.h>
#include <stdlib.h>

void pmt_blocks_close(struct pmt_blocks *blocks)
{
	free(blocks->contexts);
	free(blocks->sums);
	pmt_map_close(&blocks->by_id);
	pmt_native_functions_close(&blocks->native);
	pmt_block_table_close(&blocks->live);
	*blocks = (struct pmt_blocks){0};
}

static uint64_t key_of(uint32_t stream, uint32_t stack_id)
{
	return (uint64_t)stream << 32 | stack_id;
}

uint32_t pmt_blocks_find(const struct pmt_blocks *blocks, uint32_t stream,
			 uint32_t stack_id)
{
	return pmt_map_find(&blocks->by_id, key_of(stream, stack_id));
}

static int grow(struct pmt_blocks *blocks)
{
	uint32_t capacity = blocks->capacity ? blocks->capacity * 2 : 256;
	struct pmt_block_context *contexts =
	    reallocarray(blocks->contexts, capacity, sizeof(*contexts));

	if (!contexts)
		return -ENOMEM;
	blocks->contexts = contexts;
	struct pmt_figures *sums = reallocarray(blocks->sums, capacity, sizeof(*sums));
	if (!sums)
		return -ENOMEM;
	blocks->sums = sums;
	blocks->capacity = capacity;
	return 0;
}

int pmt_blocks_add(struct pmt_blocks *blocks, uint32_t stream, uint32_t stack_id,
		   const struct pmt_block_context *context)
{
	int error = blocks->count == blocks->capacity ? grow(blocks) : 0;

	if (error)
		return error;
	blocks->contexts[blocks->count] = *context;
	blocks->sums[blocks->count] = (struct pmt_figures){0};
	return pmt_map_put(&blocks->by_id, key_of(stream, stack_id), blocks->count++);
}
