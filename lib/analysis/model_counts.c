/*
 * What is only counted: the common part of both ways to take an event into the model, and
 * the whole of the short one, for views that show no calls.
 */
#include "analysis/model_private.h"

void pmt_model_count_event(struct pmt_model *model, struct pmt_stream_state *stream)
{
	stream->event_count++;
	model->counts.events++;
}

void pmt_model_count_point(struct pmt_model *model, struct pmt_stream_state *stream,
			   const struct pmt_point *point)
{
	pmt_model_count_event(model, stream);
	model->counts.points++;
	model->counts.skipped += point->skipped_count;
}

bool pmt_loss_moves_stack(uint64_t cause)
{
	return cause == PMT_LOSS_RING_FULL || cause == PMT_LOSS_REENTERED ||
	       cause == PMT_LOSS_NO_RING || cause == PMT_LOSS_DETACHED ||
	       cause == PMT_LOSS_NOT_WRITTEN;
}

void pmt_model_count_loss(struct pmt_model *model, struct pmt_stream_state *stream,
			  const struct pmt_event *event, uint64_t cause, uint64_t count)
{
	if (pmt_loss_moves_stack(cause))
		stream->gaps.lost_count += count;
	model->counts.losses++;
	model->counts.lost += count;
	model->last_loss_tick = event->tick;
	if (model->first_loss_tick == 0)
		model->first_loss_tick = event->tick;
}

/* Sums that go on behind the model's end, which it is not to have. */
static int add_sums(struct pmt_model *model, struct pmt_stream_state *stream,
		    const struct pmt_event *event)
{
	const struct pmt_record *record = &event->record;

	if (model->is_over)
		return 0;
	if (record->ext == PMT_EXT_GC_COUNTS)
		return pmt_collections_add_counts(&model->collections, record);
	if (record->ext == PMT_EXT_GC) {
		pmt_collections_add(&model->collections, record, event->tick);
		return 0;
	}
	return pmt_model_add_extended(model, stream, event);
}

static int count_extended(struct pmt_model *model, struct pmt_stream_state *stream,
			  const struct pmt_event *event)
{
	const struct pmt_record *record = &event->record;
	const uint8_t *at = record->payload;
	const uint8_t *end = at + record->payload_bytes;
	struct pmt_checkpoint checkpoint;
	struct pmt_point point;
	uint64_t cause, count;

	switch (record->ext) {
	case PMT_EXT_C_CALL:
		pmt_model_count_event(model, stream);
		model->counts.enters++;
		return 0;
	case PMT_EXT_MARK:
	case PMT_EXT_REGION_BEGIN:
	case PMT_EXT_REGION_END:
		return model->is_over ? pmt_model_add_mark(model, event) : 0;
	case PMT_EXT_INFO:
		pmt_model_learn(model, record);
		return 0;
	case PMT_EXT_ALLOC:
		model->counts.allocs++;
		pmt_model_count_event(model, stream);
		return 0;
	case PMT_EXT_FREE:
	case PMT_EXT_C_RETURN:
	case PMT_EXT_C_RAISE:
		pmt_model_count_event(model, stream);
		return 0;
	case PMT_EXT_POINT:
		if (pmt_payload_get_point(record, &point))
			pmt_model_count_point(model, stream, &point);
		return 0;
	case PMT_EXT_CHECKPOINT:
		if (pmt_payload_get_checkpoint(record, &checkpoint))
			pmt_gaps_end(model, stream, &checkpoint);
		return 0;
	case PMT_EXT_LOSS:
		if (pmt_varint_get(&at, end, &cause) && pmt_varint_get(&at, end, &count))
			pmt_model_count_loss(model, stream, event, cause, count);
		return 0;
	case PMT_EXT_TREE_NODE:
	case PMT_EXT_LIVE_STATE:
	case PMT_EXT_LIVE_PLACE:
	case PMT_EXT_TYPE_COUNTS:
	case PMT_EXT_GC_COUNTS:
	case PMT_EXT_GC:
		return add_sums(model, stream, event);
	case PMT_EXT_SAMPLE:
	case PMT_EXT_TREE_BEGIN:
	case PMT_EXT_TYPE:
	case PMT_EXT_PAUSE: /* these move no stack */
		return pmt_model_add_extended(model, stream, event);
	default:
		return 0;
	}
}

int pmt_model_count(struct pmt_model *model, struct pmt_stream_state *stream,
		    const struct pmt_event *event)
{
	const struct pmt_record *record = &event->record;

	if (record->op == PMT_OP_EXTENDED)
		return count_extended(model, stream, event);
	pmt_model_count_event(model, stream);
	model->counts.enters += pmt_op_is_enter(record->op);
	model->counts.lines += record->op == PMT_OP_LINE;
	return 0;
}
