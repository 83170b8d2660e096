/* Records of single blocks in the model; see blocks.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blocks.h"
#include "analysis/model_private.h"
#include "format/payload_blocks.h"
#include "reader/code_lines.h"

void pmt_blocks_close(struct pmt_blocks *blocks)
{
	free(blocks->contexts);
	pmt_map_close(&blocks->by_id);
	pmt_native_functions_close(&blocks->native);
	pmt_block_table_close(&blocks->live);
	*blocks = (struct pmt_blocks){0};
}

/* Of a sampled trace: what a block stands for. */
void pmt_model_learn(struct pmt_model *model, const struct pmt_record *record)
{
	const uint8_t *at = record->payload;
	const uint8_t *end = at + record->payload_bytes;
	struct pmt_text key, value;
	uint64_t mean = 0;

	if (!pmt_payload_get_text(&at, end, &key) ||
	    !pmt_payload_get_text(&at, end, &value) ||
	    key.size != strlen(PMT_SAMPLE_KEY) ||
	    memcmp(key.bytes, PMT_SAMPLE_KEY, key.size) != 0)
		return;
	for (size_t i = 0; i < value.size; i++) {
		unsigned digit = (unsigned char)value.bytes[i] - '0';

		if (digit > 9 || mean > UINT64_MAX / 16)
			return;
		mean = mean * 10 + digit;
	}
	model->sample_mean_bytes = mean;
	model->block_history.set.places.sample_mean_bytes = mean;
}

static uint64_t key_of(const struct pmt_stream_state *stream, uint32_t stack_id)
{
	return (uint64_t)stream->number << 32 | stack_id;
}

static int append(struct pmt_blocks *blocks, uint64_t key,
		  const struct pmt_block_context *context)
{
	if (blocks->count == blocks->capacity) {
		uint32_t capacity = blocks->capacity ? blocks->capacity * 2 : 256;
		struct pmt_block_context *grown =
		    reallocarray(blocks->contexts, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		blocks->contexts = grown;
		blocks->capacity = capacity;
	}
	blocks->contexts[blocks->count] = *context;
	return pmt_map_put(&blocks->by_id, key, blocks->count++);
}

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

/* A context is defined behind its parent, in the same stream. */
int pmt_model_add_stack(struct pmt_model *model, struct pmt_stream_state *stream,
			const struct pmt_record *record)
{
	struct pmt_blocks *blocks = &model->blocks;
	struct pmt_block_context context = {0};
	struct pmt_stack_def def;
	uint32_t parent_node = stream->root_node;

	if (!pmt_payload_get_stack(record, &def) ||
	    pmt_map_find(&blocks->by_id, key_of(stream, def.id)) != PMT_MAP_NONE)
		return 0;
	uint32_t parent = pmt_map_find(&blocks->by_id, key_of(stream, def.parent_id));
	if (parent != PMT_MAP_NONE)
		parent_node = blocks->contexts[parent].node;
	context.code_id = def.code_id;
	context.code_offset = def.code_offset;
	int error = enter(model, parent_node, &context);
	if (!error)
		error = append(blocks, key_of(stream, def.id), &context);
	return error;
}

int pmt_model_charge_line(struct pmt_model *model,
			  const struct pmt_block_context *context,
			  const struct pmt_figures *figures)
{
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

/* From what is nobody's in the stream. */
static int take_from_outside(struct pmt_model *model, struct pmt_stream_state *stream,
			     const struct pmt_figures *deltas)
{
	uint32_t outside;
	int error = pmt_model_outside_node(model, stream, &outside);

	if (error)
		return error;
	struct pmt_figures *rest = &model->tree.self[outside];
	rest->allocated_bytes -= deltas->allocated_bytes;
	rest->allocated_count -= deltas->allocated_count;
	rest->object_bytes -= deltas->object_bytes;
	rest->object_count -= deltas->object_count;
	rest->freed_bytes -= deltas->freed_bytes;
	rest->freed_count -= deltas->freed_count;
	rest->mapped_bytes = pmt_sum_wrapping(rest->mapped_bytes, -deltas->mapped_bytes);
	rest->file_mapped_bytes =
	    pmt_sum_wrapping(rest->file_mapped_bytes, -deltas->file_mapped_bytes);
	return 0;
}

/* The block comes or goes: to its context, PMT_MAP_NONE for none. The sums that are
 * nobody's have every block, those of a sampled trace none: its samples make them. */
static int charge(struct pmt_model *model, struct pmt_stream_state *stream,
		  uint32_t index, const struct pmt_figures *figures)
{
	const struct pmt_block_context *context =
	    index == PMT_MAP_NONE ? NULL : &model->blocks.contexts[index];
	bool is_sampled = model->sample_mean_bytes > 0;
	uint32_t node = context ? context->node : 0;
	int error = 0;

	if (!context && !is_sampled)
		return 0;
	if (!context)
		error = pmt_model_outside_node(model, stream, &node);
	else if (!is_sampled)
		error = take_from_outside(model, stream, figures);
	if (error)
		return error;
	pmt_figures_add(&model->tree.self[node], figures);
	return context ? pmt_model_charge_line(model, context, figures) : 0;
}

/* What the block stands for, coming or going. */
static struct pmt_figures figures_of(const struct pmt_model *model, uint8_t kind,
				     uint64_t block_bytes, bool is_free)
{
	uint64_t scale = pmt_sample_scale(model->sample_mean_bytes, block_bytes);
	struct pmt_share bytes = pmt_share_of(block_bytes, scale);
	struct pmt_share count = pmt_share_of(1, scale);
	int64_t change = (int64_t)(is_free ? -bytes.whole : bytes.whole);
	struct pmt_figures f = {.sample_count = !is_free};

	if (kind == PMT_BLOCK_FILE) {
		f.file_mapped_bytes = change;
	} else if (kind >= PMT_BLOCK_MMAP && kind <= PMT_BLOCK_ARENA) {
		f.mapped_bytes = change;
	} else if (kind >= PMT_BLOCK_RAW && block_bytes == 0) {
		return f; /* of an object in an arena nothing is malloc's */
	} else if (is_free) {
		pmt_share_add(&f.freed_bytes, &f.freed_bytes_part, bytes);
		pmt_share_add(&f.freed_count, &f.freed_count_part, count);
	} else {
		pmt_share_add(&f.allocated_bytes, &f.allocated_bytes_part, bytes);
		pmt_share_add(&f.allocated_count, &f.allocated_count_part, count);
	}
	return f;
}

/* The block goes; its place in the table stays as it is. */
static int charge_free(struct pmt_model *model, struct pmt_stream_state *stream,
		       const struct pmt_block_entry *block)
{
	struct pmt_figures f = figures_of(model, block->kind, block->bytes, true);

	return charge(model, stream, block->place, &f);
}

int pmt_model_add_alloc(struct pmt_model *model, struct pmt_stream_state *stream,
			const struct pmt_event *event)
{
	struct pmt_blocks *blocks = &model->blocks;
	struct pmt_block_alloc alloc;
	uint16_t owed = 0;
	int error = 0;

	pmt_model_count_event(model, stream);
	if (model->options.blocks_uncharged)
		return 0;
	if (!pmt_payload_get_alloc(&event->record, &alloc) ||
	    alloc.usable_bytes > INT64_MAX)
		return 0;
	blocks->allocated_count++;
	struct pmt_block_entry block = {
	    .address = event->address,
	    .bytes = alloc.usable_bytes,
	    .place = pmt_map_find(&blocks->by_id, key_of(stream, alloc.stack_id)),
	    .kind = alloc.kind,
	};
	/* For one address allocations and frees alternate: its free was another thread's,
	 * whose record comes later, unless a hole in the trace has it. */
	struct pmt_block_entry *old = pmt_block_table_find(&blocks->live, block.address);
	if (old) {
		owed = (uint16_t)(model->gap_count ? 0 : old->owed_frees + 1);
		error = charge_free(model, stream, old);
		pmt_block_table_remove(&blocks->live, old);
	}
	block.owed_frees = owed;
	if (!error && block.address)
		error = pmt_block_table_put(&blocks->live, block);
	if (!error) {
		struct pmt_figures f =
		    figures_of(model, alloc.kind, alloc.usable_bytes, false);
		if (alloc.kind >= PMT_BLOCK_RAW) {
			f.object_bytes = alloc.requested_bytes;
			f.object_count = 1;
		}
		error = charge(model, stream, block.place, &f);
	}
	return error;
}

/* Of mappings only those that go as they came: of parts the sums speak. */
int pmt_model_add_free(struct pmt_model *model, struct pmt_stream_state *stream,
		       const struct pmt_event *event)
{
	struct pmt_blocks *blocks = &model->blocks;
	struct pmt_block_free release;

	pmt_model_count_event(model, stream);
	if (model->options.blocks_uncharged)
		return 0;
	if (!pmt_payload_get_free(&event->record, &release))
		return 0;
	blocks->freed_count++;
	struct pmt_block_entry *block =
	    pmt_block_table_find(&blocks->live, event->address);
	if (!block || (release.bytes && release.bytes != block->bytes)) {
		blocks->unknown_count++;
		return 0;
	}
	if (block->owed_frees) {
		block->owed_frees--;
		return 0;
	}
	int error = charge_free(model, stream, block);
	pmt_block_table_remove(&blocks->live, block);
	return error;
}

static uint64_t not_below_zero(uint64_t value)
{
	return (int64_t)value < 0 ? 0 : value;
}

/* A killed thread's last sums may lie behind its last blocks. */
void pmt_model_finish_blocks(struct pmt_model *model)
{
	for (uint32_t i = 0; model->blocks.count && i < model->streams.count; i++) {
		uint32_t node = model->streams.items[i].outside_node;
		struct pmt_figures *rest = &model->tree.self[node];

		if (!node)
			continue;
		rest->object_bytes = not_below_zero(rest->object_bytes);
		rest->object_count = not_below_zero(rest->object_count);
		rest->allocated_bytes = not_below_zero(rest->allocated_bytes);
		rest->allocated_count = not_below_zero(rest->allocated_count);
		rest->freed_bytes = not_below_zero(rest->freed_bytes);
		rest->freed_count = not_below_zero(rest->freed_count);
	}
}
