/*
 * Calling contexts in the model (STACK records): the nodes and lines that the blocks of a
 * context are charged to, once, when the trace was read.
 */
#include "analysis/blame.h"
#include "analysis/blocks.h"
#include "analysis/model_private.h"
#include "format/payload_blocks.h"
#include "reader/code_lines.h"

/* The functions at a place of a module, inlined ones too, below one another. */
static int enter_native(struct pmt_model *model, const struct pmt_code *module,
			uint32_t above, struct pmt_block_context *context)
{
	const struct pmt_native_frame *frames;
	uint32_t count = 0;
	int error =
	    pmt_native_functions_at(&model->blocks.native, &model->functions, module,
				    context->code_offset, &frames, &count);

	context->node = above;
	for (uint32_t i = 0; !error && i < count; i++) {
		uint32_t parent = context->node;

		context->function = frames[i].function;
		context->native_line = frames[i].line;
		error = pmt_tree_child(&model->tree, parent, context->function,
				       &context->node);
	}
	return error;
}

static int enter(struct pmt_model *model, uint32_t above,
		 struct pmt_block_context *context)
{
	const struct pmt_code *code = pmt_tables_code(model->tables, context->code_id);
	int error;

	if (code && code->kind == PMT_CODE_NATIVE)
		return enter_native(model, code, above, context);
	error = pmt_model_function(model, context->code_id, &context->function);
	return error ? error
		     : pmt_tree_child(&model->tree, above, context->function,
				      &context->node);
}

static bool is_runtime(const struct pmt_model *model,
		       const struct pmt_block_context *context)
{
	return model->functions.items[context->function].is_runtime;
}

/* Where the context at `own`, entered below parent, has its blocks charged: those of the
 * runtime where the parent's are, unless that is of the runtime too. */
static uint32_t blamed_of(const struct pmt_model *model,
			  const struct pmt_block_context *context, uint32_t own,
			  uint32_t parent)
{
	const struct pmt_block_context *contexts = model->blocks.contexts;

	if (!is_runtime(model, context) || parent == PMT_MAP_NONE)
		return own;
	uint32_t blamed = contexts[parent].blamed;
	return is_runtime(model, &contexts[blamed]) ? own : blamed;
}

/* A context is defined behind its parent, in the same stream. */
int pmt_model_add_stack(struct pmt_model *model, struct pmt_stream_state *stream,
			const struct pmt_record *record)
{
	struct pmt_blocks *blocks = &model->blocks;
	struct pmt_block_context context = {0};
	struct pmt_stack_def def;
	uint32_t parent_node = stream->root_node;

	if (!pmt_payload_get_stack(record, &def) ||
	    pmt_blocks_find(blocks, stream->number, def.id) != PMT_MAP_NONE)
		return 0;
	uint32_t parent = pmt_blocks_find(blocks, stream->number, def.parent_id);
	if (parent != PMT_MAP_NONE)
		parent_node = blocks->contexts[parent].node;
	context.code_id = def.code_id;
	context.code_offset = def.code_offset;
	int error = enter(model, parent_node, &context);
	if (error)
		return error;
	context.blamed = blamed_of(model, &context, blocks->count, parent);
	return pmt_blocks_add(blocks, stream->number, def.id, &context);
}

int pmt_model_charge_line(struct pmt_model *model,
			  const struct pmt_block_context *context,
			  const struct pmt_figures *figures)
{
	context = &model->blocks.contexts[context->blamed];
	const struct pmt_code *code = pmt_tables_code(model->tables, context->code_id);
	bool is_native = code && code->kind == PMT_CODE_NATIVE;
	uint64_t number = is_native ? context->native_line
			  : code    ? pmt_code_line(code, context->code_offset)
				    : 0;
	struct pmt_line *line;

	model->measured.lines = true;
	if ((number == 0 && !is_native) || number > UINT32_MAX)
		return 0;
	int error =
	    pmt_lines_get(&model->lines, context->function, (uint32_t)number, &line);
	if (!error)
		pmt_figures_add(&line->self, figures);
	return error;
}

int pmt_model_charge_contexts(struct pmt_model *model)
{
	const struct pmt_blocks *blocks = &model->blocks;
	int error = 0;

	for (uint32_t i = 0; !error && i < blocks->count; i++) {
		const struct pmt_block_context *context = &blocks->contexts[i];

		if (blocks->sums[i].sample_count == 0) /* of allocations: none */
			continue;
		pmt_figures_add(&model->tree.self[context->node], &blocks->sums[i]);
		error = pmt_model_charge_line(model, context, &blocks->sums[i]);
	}
	return error;
}
