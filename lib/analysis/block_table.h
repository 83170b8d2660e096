/*
 * The blocks that are live, by address: an open-addressing table of 24 bytes a slot, from
 * which entries go again. Costs a multiplication and, mostly, one cache line.
 */
#ifndef PMT_ANALYSIS_BLOCK_TABLE_H
#define PMT_ANALYSIS_BLOCK_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct pmt_block_entry {
	uint64_t address; /* 0: the slot is free */
	uint64_t bytes;
	uint32_t place; /* who asked for it; what it means, the table's keeper says */
	union {
		uint32_t ordinal; /* which of its thread's allocations it was */
		struct {
			/* Frees of earlier blocks at this address that are still to
			 * come, from threads whose records are read later. */
			uint16_t owed_frees;
			uint8_t kind; /* enum pmt_block_kind */
		};
	};
};

/* All zero is an empty table that owns nothing. */
struct pmt_block_table {
	struct pmt_block_entry *slots;
	size_t slot_count; /* 0 or a power of two */
	size_t count;
};

void pmt_block_table_close(struct pmt_block_table *blocks);

/* The address is asked for soon: its cache line may come until then. */
void pmt_block_table_expect(const struct pmt_block_table *blocks, uint64_t address);

/* NULL: not live. Good until the next put or remove. */
struct pmt_block_entry *pmt_block_table_find(const struct pmt_block_table *blocks,
					     uint64_t address);

/* Takes a block, its address not 0, where none is: *ret_old is NULL. The one that is
 * there stays otherwise, and is *ret_old, as from find. One probe. 0 or -ENOMEM. */
int pmt_block_table_take(struct pmt_block_table *blocks, struct pmt_block_entry block,
			 struct pmt_block_entry **ret_old) PMT_MUST_CHECK;

/* Takes a block whose address, not 0, is not in the table. 0 or -ENOMEM. */
int pmt_block_table_put(struct pmt_block_table *blocks,
			struct pmt_block_entry block) PMT_MUST_CHECK;

/* Takes out what find gave. */
void pmt_block_table_remove(struct pmt_block_table *blocks,
			    struct pmt_block_entry *block);

#endif
