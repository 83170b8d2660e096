/*
 * What a stream lost, or never said, in the model: losses and pauses, and checkpoints,
 * which tell where it stands behind them.
 */
#include "analysis/model_private.h"

/* Brings the shadow stack to python_depth after events were lost, of which no more than
 * certain_depth calls lived through it. */
static int resync(struct pmt_model *model, struct pmt_stream_state *stream,
		  uint64_t certain_depth, uint64_t python_depth)
{
	struct pmt_shadow_frame unknown;

	if (stream->has_points || stream->is_summed)
		return 0;
	pmt_shadow_cut_to(&stream->shadow,
			  certain_depth < python_depth ? certain_depth : python_depth);
	if (stream->shadow.python_depth >= python_depth)
		return 0;
	int error = pmt_model_unknown_frame(model, stream, &unknown);
	if (error)
		return error;
	return pmt_shadow_fill_to(&stream->shadow, python_depth, unknown);
}

/* LOSS: cause, count, depth after it, and the lowest depth in it where the writer knew.
 */
int pmt_model_add_loss(struct pmt_model *model, struct pmt_stream_state *stream,
		       const struct pmt_event *event)
{
	const struct pmt_record *r = &event->record;
	const uint8_t *at = r->payload;
	const uint8_t *end = at + r->payload_bytes;
	uint64_t cause, count, depth, lowest;

	if (!pmt_varint_get(&at, end, &cause) || !pmt_varint_get(&at, end, &count))
		return 0;
	pmt_model_count_loss(model, stream, event, cause, count);
	if (!pmt_loss_moves_stack(cause) || !pmt_varint_get(&at, end, &depth))
		return 0;
	stream->span_function = PMT_FUNCTION_UNKNOWN;
	if (!pmt_varint_get(&at, end, &lowest)) {
		/* At most half of them, plus what the depth fell by, were leaves. */
		uint64_t both = stream->shadow.python_depth + depth;

		lowest = both > count ? (both - count) / 2 : 0;
	}
	return resync(model, stream, lowest, depth);
}

/* CONTINUE: depth, and the lowest depth during the pause. */
int pmt_model_add_continue(struct pmt_model *model, struct pmt_stream_state *stream,
			   const struct pmt_record *record)
{
	const uint8_t *at = record->payload;
	const uint8_t *end = at + record->payload_bytes;
	uint64_t depth, lowest;

	stream->span_function = PMT_FUNCTION_PAUSED;
	if (!pmt_varint_get(&at, end, &depth) || !pmt_varint_get(&at, end, &lowest))
		return 0;
	return resync(model, stream, lowest, depth);
}

static bool deltas_are_behind(const struct pmt_deltas *seen,
			      const struct pmt_deltas *sums)
{
	return seen->allocated_bytes <= sums->allocated_bytes &&
	       seen->allocated_count <= sums->allocated_count &&
	       seen->freed_bytes <= sums->freed_bytes &&
	       seen->freed_count <= sums->freed_count &&
	       seen->object_bytes <= sums->object_bytes &&
	       seen->object_count <= sums->object_count;
}

/* What a stream did in the records that a gap swallowed: nobody's in particular. */
static int charge_gap(struct pmt_model *model, struct pmt_stream_state *stream,
		      const struct pmt_event *event, const struct pmt_deltas *sums)
{
	const struct pmt_deltas *seen = &stream->seen;
	struct pmt_deltas lost = {
	    .allocated_bytes = sums->allocated_bytes - seen->allocated_bytes,
	    .allocated_count = sums->allocated_count - seen->allocated_count,
	    .freed_bytes = sums->freed_bytes - seen->freed_bytes,
	    .freed_count = sums->freed_count - seen->freed_count,
	    .object_bytes = sums->object_bytes - seen->object_bytes,
	    .object_count = sums->object_count - seen->object_count,
	    .rss_pages = (int64_t)((uint64_t)sums->rss_pages - (uint64_t)seen->rss_pages),
	    .mapped_bytes =
		(int64_t)((uint64_t)sums->mapped_bytes - (uint64_t)seen->mapped_bytes),
	    .file_mapped_bytes = (int64_t)((uint64_t)sums->file_mapped_bytes -
					   (uint64_t)seen->file_mapped_bytes),
	};
	uint32_t node;

	if (!deltas_are_behind(seen, sums))
		return 0;
	int error =
	    pmt_tree_child(&model->tree, stream->root_node, PMT_FUNCTION_UNKNOWN, &node);
	if (!error)
		pmt_model_charge(model, stream, node, event->tick, &lost);
	return error;
}

int pmt_model_add_checkpoint(struct pmt_model *model, struct pmt_stream_state *stream,
			     const struct pmt_event *event)
{
	struct pmt_checkpoint point;
	struct pmt_shadow_frame unknown = {.function = PMT_FUNCTION_UNKNOWN};

	if (!pmt_payload_get_checkpoint(&event->record, &point))
		return 0;
	pmt_gaps_end(model, stream, &point);
	if (stream->is_summed) /* its depth is the tree's */
		return stream->is_depth_unknown
			   ? charge_gap(model, stream, event, &point.sums)
			   : 0;
	if (!stream->is_depth_unknown)
		return point.depth == stream->shadow.python_depth
			   ? 0
			   : resync(model, stream, point.depth, point.depth);
	stream->is_depth_unknown = false;
	if (stream->has_points) {
		stream->span_function = 0;
		return charge_gap(model, stream, event, &point.sums);
	}
	int error = pmt_tree_child(&model->tree, stream->root_node, PMT_FUNCTION_UNKNOWN,
				   &unknown.node);
	if (!error)
		error = pmt_shadow_insert_to(&stream->shadow, point.depth, unknown);
	if (!error)
		error = charge_gap(model, stream, event, &point.sums);
	if (!error && stream->shadow.python_depth > point.depth)
		error = resync(model, stream, point.depth, point.depth);
	return error;
}
