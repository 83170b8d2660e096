/* Records of single blocks in the model, mappings apart, where nobody asks for what is
 * live; see blocks.h. */
#include "analysis/blocks.h"
#include "analysis/model_private.h"
#include "format/payload_blocks.h"

#include <string.h>

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

/* A block that comes or goes, with what it stands for. */
struct movement {
	bool is_of_malloc;
	bool is_free;
	struct pmt_share bytes;
	struct pmt_share count;
	uint64_t object_bytes; /* of one that comes */
	uint64_t object_count;
};

static struct movement movement_of(const struct pmt_model *model, uint8_t kind,
				   uint64_t block_bytes, bool is_free)
{
	uint64_t scale = pmt_sample_scale(model->sample_mean_bytes, block_bytes);

	return (struct movement){
	    /* Of an object in an arena nothing is. */
	    .is_of_malloc = kind < PMT_BLOCK_RAW || block_bytes > 0,
	    .is_free = is_free,
	    .bytes = pmt_share_of(block_bytes, scale),
	    .count = pmt_share_of(1, scale),
	};
}

static void add(struct pmt_figures *f, const struct movement *m)
{
	f->sample_count += !m->is_free;
	f->object_bytes += m->object_bytes;
	f->object_count += m->object_count;
	if (!m->is_of_malloc)
		return;
	if (m->is_free) {
		pmt_share_add(&f->freed_bytes, &f->freed_bytes_part, m->bytes);
		pmt_share_add(&f->freed_count, &f->freed_count_part, m->count);
	} else {
		pmt_share_add(&f->allocated_bytes, &f->allocated_bytes_part, m->bytes);
		pmt_share_add(&f->allocated_count, &f->allocated_count_part, m->count);
	}
}

/* The other way round: out of what is nobody's, where every block is whole. */
static void take_out(struct pmt_figures *rest, const struct movement *m)
{
	rest->object_bytes -= m->object_bytes;
	rest->object_count -= m->object_count;
	if (!m->is_of_malloc)
		return;
	if (m->is_free) {
		rest->freed_bytes -= m->bytes.whole;
		rest->freed_count -= m->count.whole;
	} else {
		rest->allocated_bytes -= m->bytes.whole;
		rest->allocated_count -= m->count.whole;
	}
}

/* To the sums of its context, PMT_MAP_NONE for none. The sums that are nobody's have
 * every block, those of a sampled trace none: its samples make them. */
static int charge(struct pmt_model *model, struct pmt_stream_state *stream,
		  uint32_t context, const struct movement *m)
{
	bool is_sampled = model->sample_mean_bytes > 0;
	bool has_context = context != PMT_MAP_NONE;
	uint32_t outside;

	if (has_context)
		add(&model->blocks.sums[context], m);
	if (has_context == is_sampled)
		return 0;
	int error = pmt_model_outside_node(model, stream, &outside);
	if (error)
		return error;
	if (is_sampled)
		add(&model->tree.self[outside], m);
	else
		take_out(&model->tree.self[outside], m);
	return 0;
}

/* The block goes; its place in the table stays as it is. */
static int charge_free(struct pmt_model *model, struct pmt_stream_state *stream,
		       const struct pmt_block_entry *block)
{
	struct movement m = movement_of(model, block->kind, block->bytes, true);

	return charge(model, stream, block->place, &m);
}

int pmt_model_add_alloc(struct pmt_model *model, struct pmt_stream_state *stream,
			const struct pmt_event *event)
{
	struct pmt_blocks *blocks = &model->blocks;
	const struct pmt_block_alloc *alloc = &event->block.alloc;
	int error = 0;

	if (!event->block.is_readable || alloc->usable_bytes > INT64_MAX)
		return 0;
	pmt_block_table_expect(&blocks->live, event->address);
	struct pmt_block_entry block = {
	    .address = event->address,
	    .bytes = alloc->usable_bytes,
	    .place = pmt_blocks_find(blocks, stream->number, alloc->stack_id),
	    .kind = alloc->kind,
	};
	/* For one address allocations and frees alternate: its free was another thread's,
	 * whose record comes later, unless a hole in the trace has it. */
	struct pmt_block_entry *old = NULL;
	if (block.address)
		error = pmt_block_table_take(&blocks->live, block, &old);
	if (old) {
		block.owed_frees = (uint16_t)(model->gap_count ? 0 : old->owed_frees + 1);
		error = charge_free(model, stream, old);
		*old = block;
	}
	if (!error) {
		struct movement m =
		    movement_of(model, alloc->kind, alloc->usable_bytes, false);
		if (alloc->kind >= PMT_BLOCK_RAW) {
			m.object_bytes = alloc->requested_bytes;
			m.object_count = 1;
		}
		error = charge(model, stream, block.place, &m);
	}
	return error;
}

int pmt_model_add_free(struct pmt_model *model, struct pmt_stream_state *stream,
		       const struct pmt_event *event)
{
	struct pmt_blocks *blocks = &model->blocks;

	if (!event->block.is_readable)
		return 0;
	struct pmt_block_entry *block =
	    pmt_block_table_find(&blocks->live, event->address);
	if (!block)
		return 0;
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
