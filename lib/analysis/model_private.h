/* Between model.c, into which events come, and the files that each take a part of them.
 */
#ifndef PMT_ANALYSIS_MODEL_PRIVATE_H
#define PMT_ANALYSIS_MODEL_PRIVATE_H

#include "analysis/model.h"

/* The state of a stream, with its root node in the tree. 0 or -ENOMEM. */
int pmt_model_stream(struct pmt_model *model, uint32_t number,
		     struct pmt_stream_state **ret_stream) PMT_MUST_CHECK;

/* Charges changes to a node, and counts them wherever changes are counted. */
void pmt_model_charge(struct pmt_model *model, struct pmt_stream_state *stream,
		      uint32_t node, uint64_t tick, const struct pmt_deltas *deltas);

/* The first half of it: to the node only. */
void pmt_model_charge_node(struct pmt_model *model, uint32_t node,
			   const struct pmt_deltas *deltas);

/* An INFO record: what the model must know of the trace. */
void pmt_model_learn(struct pmt_model *model, const struct pmt_record *record);

/* An extended record of a stream; its own changes are charged already, except those of a
 * point. 0, -ENOMEM, -EOVERFLOW. */
int pmt_model_add_extended(struct pmt_model *model, struct pmt_stream_state *stream,
			   const struct pmt_event *event) PMT_MUST_CHECK;

/* A point (model_points.c); its changes are charged here. 0 or -ENOMEM. */
int pmt_model_add_point(struct pmt_model *model, struct pmt_stream_state *stream,
			const struct pmt_event *event) PMT_MUST_CHECK;

/* Where a stream's stack stands (model_losses.c): LOSS, CONTINUE, CHECKPOINT. 0, -ENOMEM,
 * -EOVERFLOW. */
int pmt_model_add_loss(struct pmt_model *model, struct pmt_stream_state *stream,
		       const struct pmt_event *event) PMT_MUST_CHECK;
int pmt_model_add_continue(struct pmt_model *model, struct pmt_stream_state *stream,
			   const struct pmt_record *record) PMT_MUST_CHECK;
int pmt_model_add_checkpoint(struct pmt_model *model, struct pmt_stream_state *stream,
			     const struct pmt_event *event) PMT_MUST_CHECK;

/* An event of a model with counts_only. 0 or -ENOMEM. */
int pmt_model_count(struct pmt_model *model, struct pmt_stream_state *stream,
		    const struct pmt_event *event) PMT_MUST_CHECK;

/* A mark or a region's begin or end. 0 or -ENOMEM. */
int pmt_model_add_mark(struct pmt_model *model,
		       const struct pmt_event *event) PMT_MUST_CHECK;

/* What is behind this moment is counted only. */
void pmt_model_end(struct pmt_model *model, uint64_t tick);

void pmt_model_count_event(struct pmt_model *model, struct pmt_stream_state *stream);
void pmt_model_count_point(struct pmt_model *model, struct pmt_stream_state *stream,
			   const struct pmt_point *point);
void pmt_model_count_loss(struct pmt_model *model, struct pmt_stream_state *stream,
			  const struct pmt_event *event, uint64_t cause, uint64_t count);

/* Its count is of events that entered or left calls. */
bool pmt_loss_moves_stack(uint64_t cause);

/* A call begins: the function of code_id, Python or C. 0, -ENOMEM, -EOVERFLOW. */
int pmt_model_enter(struct pmt_model *model, struct pmt_stream_state *stream,
		    uint32_t code_id, bool is_c) PMT_MUST_CHECK;

/* The node that changes of now belong to. 0 or -ENOMEM. */
int pmt_model_running_node(struct pmt_model *model, struct pmt_stream_state *stream,
			   uint32_t *ret_node) PMT_MUST_CHECK;

/* The node for what happens with no Python function running. 0 or -ENOMEM. */
int pmt_model_outside_node(struct pmt_model *model, struct pmt_stream_state *stream,
			   uint32_t *ret_node) PMT_MUST_CHECK;

/* A calling context (model_stacks.c): a STACK record. 0 or -ENOMEM. */
int pmt_model_add_stack(struct pmt_model *model, struct pmt_stream_state *stream,
			const struct pmt_record *record) PMT_MUST_CHECK;

/* Behind the last event: the sums of each context's blocks. 0 or -ENOMEM. */
int pmt_model_charge_contexts(struct pmt_model *model) PMT_MUST_CHECK;

/* Records of blocks (model_blocks.c): ALLOC, FREE. 0 or -ENOMEM. */
int pmt_model_add_alloc(struct pmt_model *model, struct pmt_stream_state *stream,
			const struct pmt_event *event) PMT_MUST_CHECK;
int pmt_model_add_free(struct pmt_model *model, struct pmt_stream_state *stream,
		       const struct pmt_event *event) PMT_MUST_CHECK;
void pmt_model_finish_blocks(struct pmt_model *model);

/* What a calling context did is charged to its line. 0 or -ENOMEM. */
int pmt_model_charge_line(struct pmt_model *model,
			  const struct pmt_block_context *context,
			  const struct pmt_figures *figures) PMT_MUST_CHECK;

/* Records of what is live (model_live.c). 0 or -ENOMEM. */
int pmt_model_add_live(struct pmt_model *model,
		       const struct pmt_record *record) PMT_MUST_CHECK;

/* Places, charged to their contexts behind the last event (model_places.c): of the live
 * set when it is finished, and of the records of what is live. 0 or -ENOMEM. */
int pmt_model_charge_history(struct pmt_model *model) PMT_MUST_CHECK;
int pmt_model_charge_live_sums(struct pmt_model *model) PMT_MUST_CHECK;

/* A frame for calls that nobody knows, on top of the running ones. 0 or -ENOMEM. */
int pmt_model_unknown_frame(struct pmt_model *model, struct pmt_stream_state *stream,
			    struct pmt_shadow_frame *ret_frame) PMT_MUST_CHECK;

/* The function of a code id. 0 or -ENOMEM. */
int pmt_model_function(struct pmt_model *model, uint32_t code_id,
		       uint32_t *ret_function) PMT_MUST_CHECK;

#endif
