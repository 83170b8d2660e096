/*
 * Single allocations and frees of a trace (mode=allocs), read without a live set: each is
 * charged to the stack that allocated the block, its free too, so that net is what was
 * not given back. Mappings, of which parts may go, are the live set's (model_places.c).
 *
 * The thread's sums have the same bytes, and ride on other records: until the model moves
 * them to a stack they are [outside Python]'s. There remains what no record speaks of:
 * blocks from before the trace, their frees, and lost records.
 */
#ifndef PMT_ANALYSIS_BLOCKS_H
#define PMT_ANALYSIS_BLOCKS_H

#include <stdint.h>

#include "analysis/block_table.h"
#include "analysis/figures.h"
#include "analysis/map.h"
#include "analysis/native_functions.h"
#include "base/attr.h"

/* A calling context as the model sees it. */
struct pmt_block_context {
	uint32_t node;
	uint32_t function;
	uint32_t code_id;
	uint32_t native_line; /* of C code; 0: not known */
	uint64_t code_offset;
	uint32_t blamed; /* the context whose line its blocks are charged to (blame.h) */
};

/* All zero is empty and owns nothing. */
struct pmt_blocks {
	struct pmt_block_context *contexts;
	/* Of each, what its blocks came to: no record is charged to nodes and lines. */
	struct pmt_figures *sums;
	uint32_t count;
	uint32_t capacity;
	struct pmt_map by_id;               /* stream and stack id -> context */
	struct pmt_native_functions native; /* of C frames */
	struct pmt_block_table live;
};

void pmt_blocks_close(struct pmt_blocks *blocks);

/* The index of a stream's context, PMT_MAP_NONE without one. */
uint32_t pmt_blocks_find(const struct pmt_blocks *blocks, uint32_t stream,
			 uint32_t stack_id);

/* Takes a context that is not there. 0 or -ENOMEM. */
int pmt_blocks_add(struct pmt_blocks *blocks, uint32_t stream, uint32_t stack_id,
		   const struct pmt_block_context *context) PMT_MUST_CHECK;

#endif
