/*
 * Blocks as a model: a tree of the calling contexts that asked for them, so that all that
 * shows models (trees, tables of functions, folded stacks) shows blocks too. Its
 * functions are the spots that were asked for: a line of a function, a function, a file.
 */
#ifndef PMT_ANALYSIS_BLOCK_MODEL_H
#define PMT_ANALYSIS_BLOCK_MODEL_H

#include "analysis/analysis.h"
#include "analysis/block_spots.h"
#include "base/attr.h"

enum pmt_block_figure {
	PMT_BLOCKS_LEAKED,      /* live at the end, or at to_mark and not at from_mark */
	PMT_BLOCKS_AT_PEAK,     /* live when the heap held most */
	PMT_BLOCKS_AT_RSS_PEAK, /* live when the resident set was largest */
	PMT_BLOCKS_TEMPORARY,   /* freed soon */
	PMT_BLOCKS_ALLOCATED,   /* all behind from_mark, whatever became of them */
};

struct pmt_block_model_options {
	enum pmt_block_figure figure;
	enum pmt_block_spot spot;
	const char *thread; /* as in pmt_model_is_thread; NULL: all */
	/* Room for as many as the history has places, or NULL: the node of each; those
	 * that have nothing of the figure have PMT_TREE_ROOT. */
	uint32_t *place_nodes;
};

/*
 * A model for the blocks of analysis->model (read with_block_history), of the heap only.
 * Of its figures allocated_bytes and allocated_count are the blocks asked for,
 * mapped_bytes the part of these that was mapped, object_bytes and object_count all that
 * was allocated there. The rest is a shallow copy of analysis->model, to be freed first.
 * 0 or -ENOMEM.
 */
int pmt_block_model_new(const struct pmt_analysis *analysis,
			const struct pmt_block_model_options *options,
			struct pmt_model **ret_model) PMT_MUST_CHECK;
void pmt_block_model_free(struct pmt_model *model);

/* The same blocks by kind of place, of the heap; true when some are of Python's domains
 * (mode=objects). options->spot does not matter. */
bool pmt_block_model_split(const struct pmt_analysis *analysis,
			   const struct pmt_block_model_options *options,
			   struct pmt_held ret_split[PMT_PLACE_KINDS]);

#endif
