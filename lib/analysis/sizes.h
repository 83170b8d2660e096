/*
 * Sizes of allocations: how many blocks of which class of sizes, for all together and for
 * each spot (function, line, file, thread). By what was asked for; what is live and what
 * was temporary are blocks as the allocator gave them.
 *
 * A table of keys and figures: a difference of two traces pairs rows by their spot and
 * class.
 */
#ifndef PMT_ANALYSIS_SIZES_H
#define PMT_ANALYSIS_SIZES_H

#include "analysis/block_model.h"
#include "base/attr.h"

struct pmt_size_figures {
	struct pmt_held allocated;
	uint64_t requested_bytes; /* of these */
	struct pmt_held live;     /* at the end of what was looked at */
	struct pmt_held temporary;
};

struct pmt_size_row {
	uint32_t spot; /* function of the sizes' model; PMT_FUNCTION_ALL: all together */
	uint8_t size_class;
	struct pmt_size_figures figures;
};

struct pmt_sizes {
	struct pmt_model *model; /* of all that was allocated: owns the spots' names */
	/* By spot, within one by class; PMT_FUNCTION_ALL comes first. */
	struct pmt_size_row *rows;
	uint32_t count;
};

/* Of a history that is by_size, of the heap only; options' figure and place_nodes are
 * set here, spot is not PMT_SPOT_SIZE. 0 or -ENOMEM. */
int pmt_sizes_new(const struct pmt_analysis *analysis,
		  const struct pmt_block_model_options *options,
		  struct pmt_sizes *ret_sizes) PMT_MUST_CHECK;
void pmt_sizes_free(struct pmt_sizes *sizes);

/* Sum of the rows [from, to). */
struct pmt_size_figures pmt_sizes_sum(const struct pmt_sizes *sizes, uint32_t from,
				      uint32_t to);

#endif
