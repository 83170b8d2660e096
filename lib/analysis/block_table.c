/* Linear probing at a load of at most three quarters. A removed entry leaves no mark:
 * those behind it that may move nearer to their place do. */
#include "analysis/block_table.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOTS_MIN = 256 };

static size_t slot_of(const struct pmt_block_table *blocks, uint64_t address)
{
	uint64_t hash = address * 0x9e3779b97f4a7c15u;

	/* The high bits are the well mixed ones. */
	hash ^= hash >> 32;
	return (size_t)hash & (blocks->slot_count - 1);
}

static struct pmt_block_entry *probe(const struct pmt_block_table *blocks,
				     uint64_t address)
{
	size_t i = slot_of(blocks, address);

	while (blocks->slots[i].address != 0 && blocks->slots[i].address != address)
		i = (i + 1) & (blocks->slot_count - 1);
	return &blocks->slots[i];
}

static int grow(struct pmt_block_table *blocks)
{
	struct pmt_block_table bigger = {
	    .slot_count = blocks->slot_count ? blocks->slot_count * 2 : SLOTS_MIN,
	    .count = blocks->count,
	};

	bigger.slots = calloc(bigger.slot_count, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < blocks->slot_count; i++) {
		if (blocks->slots[i].address != 0)
			*probe(&bigger, blocks->slots[i].address) = blocks->slots[i];
	}
	free(blocks->slots);
	*blocks = bigger;
	return 0;
}

void pmt_block_table_close(struct pmt_block_table *blocks)
{
	free(blocks->slots);
	*blocks = (struct pmt_block_table){0};
}

void pmt_block_table_expect(const struct pmt_block_table *blocks, uint64_t address)
{
	if (blocks->slot_count > 0)
		__builtin_prefetch(&blocks->slots[slot_of(blocks, address)]);
}

struct pmt_block_entry *pmt_block_table_find(const struct pmt_block_table *blocks,
					     uint64_t address)
{
	struct pmt_block_entry *block;

	if (blocks->count == 0)
		return NULL;
	block = probe(blocks, address);
	return block->address ? block : NULL;
}

int pmt_block_table_take(struct pmt_block_table *blocks, struct pmt_block_entry block,
			 struct pmt_block_entry **ret_old)
{
	if ((blocks->count + 1) * 4 > blocks->slot_count * 3) {
		int error = grow(blocks);

		if (error)
			return error;
	}
	struct pmt_block_entry *slot = probe(blocks, block.address);
	*ret_old = slot->address ? slot : NULL;
	if (slot->address)
		return 0;
	*slot = block;
	blocks->count++;
	return 0;
}

int pmt_block_table_put(struct pmt_block_table *blocks, struct pmt_block_entry block)
{
	struct pmt_block_entry *old;

	return pmt_block_table_take(blocks, block, &old);
}

void pmt_block_table_remove(struct pmt_block_table *blocks, struct pmt_block_entry *block)
{
	size_t mask = blocks->slot_count - 1;
	size_t hole = (size_t)(block - blocks->slots);
	size_t i = hole;

	for (;;) {
		i = (i + 1) & mask;
		if (blocks->slots[i].address == 0)
			break;
		/* An entry may move to the hole unless its own place lies behind it. */
		size_t home = slot_of(blocks, blocks->slots[i].address);
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		blocks->slots[hole] = blocks->slots[i];
		hole = i;
	}
	blocks->slots[hole] = (struct pmt_block_entry){0};
	blocks->count--;
}
