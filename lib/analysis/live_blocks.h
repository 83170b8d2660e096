/*
 * Which blocks are live while a trace is read: address -> who allocated it. Grows with
 * the blocks that are live at once, 32 bytes each.
 */
#ifndef PMT_ANALYSIS_LIVE_BLOCKS_H
#define PMT_ANALYSIS_LIVE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct pmt_live_block {
	uint64_t address; /* 0: a free place */
	uint64_t usable_bytes;
	uint32_t context; /* whoever keeps the table says what it means */
	uint8_t kind;     /* enum pmt_block_kind */
	/* Frees of earlier blocks at this address that are still to come, from threads
	 * whose records are read later. */
	uint16_t owed_frees;
};

/* All zero is an empty table that owns nothing. */
struct pmt_live_blocks {
	struct pmt_live_block *places;
	size_t place_count; /* 0 or a power of two */
	size_t count;
};

void pmt_live_blocks_close(struct pmt_live_blocks *live);

/* NULL: not live. Good until the next put or remove. */
struct pmt_live_block *pmt_live_blocks_find(const struct pmt_live_blocks *live,
					    uint64_t address);

/* A block whose address is not in the table, and is not 0. 0 or -ENOMEM. */
int pmt_live_blocks_put(struct pmt_live_blocks *live,
			const struct pmt_live_block *block) PMT_MUST_CHECK;

/* Takes out what find gave. */
void pmt_live_blocks_remove(struct pmt_live_blocks *live, struct pmt_live_block *block);

#endif
