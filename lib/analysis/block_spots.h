/*
 * Spots of the functions that asked for memory: a line of a function, the function or its
 * file, each as a function of a model of blocks (block_model.h). Threads, classes of
 * sizes and domains are such spots too.
 */
#ifndef PMT_ANALYSIS_BLOCK_SPOTS_H
#define PMT_ANALYSIS_BLOCK_SPOTS_H

#include <stdint.h>

#include "analysis/functions.h"
#include "analysis/map.h"
#include "base/attr.h"
#include "reader/tables.h"

enum pmt_block_spot {
	PMT_SPOT_LINE = 0, /* first_line of such a function is the line */
	PMT_SPOT_FUNCTION,
	PMT_SPOT_FILE,
	/* Without calling contexts: */
	PMT_SPOT_THREAD, /* the one that allocated */
	PMT_SPOT_SIZE,   /* a class of sizes, of a history that is by_size */
	PMT_SPOT_DOMAIN, /* who served the block (pmt_place_domain) */
};

/* Zeros behind what its maker sets. */
struct pmt_block_spots {
	enum pmt_block_spot spot;
	const struct pmt_tables *tables; /* borrowed, as the next */
	struct pmt_functions *functions; /* where spots are made */
	struct pmt_map by_key; /* function and line, function, or another's key -> spot */
};

void pmt_block_spots_close(struct pmt_block_spots *spots);

/* The spot of a context's innermost function, of lines, functions or files. 0 or -ENOMEM.
 */
int pmt_block_spots_of(struct pmt_block_spots *spots, const struct pmt_context *context,
		       uint32_t *ret_spot) PMT_MUST_CHECK;

/* The spot of one of the other kinds, by its key: PMT_MAP_NONE before it is named. */
uint32_t pmt_block_spots_find(const struct pmt_block_spots *spots, uint64_t key);
int pmt_block_spots_name(struct pmt_block_spots *spots, uint64_t key, const char *name,
			 uint32_t *ret_spot) PMT_MUST_CHECK;

enum { PMT_SIZE_NAME_BYTES = 48 };

/* "512 B to <1 KiB": the bytes of a class of sizes. Returns text. */
const char *pmt_size_class_name(char text[PMT_SIZE_NAME_BYTES], unsigned size_class);

#endif
