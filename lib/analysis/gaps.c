/*
 * A checkpoint carries the number of events before it, lost ones too. What it has more
 * than was seen is in the gaps since the checkpoint before.
 */
#include "analysis/gaps.h"

#include "analysis/model.h"
#include "format/payload.h"
#include "reader/cursor.h"

void pmt_gaps_begin(struct pmt_model *model, struct pmt_stream_state *stream,
		    const struct pmt_event *event)
{
	struct pmt_gaps *gaps = &model->gaps;
	struct pmt_gap_state *state = &stream->gaps;

	if (state->open_count++ == 0)
		state->first_open = gaps->kept_count;
	if (gaps->kept_count == PMT_GAPS_KEPT)
		return;
	gaps->kept[gaps->kept_count++] = (struct pmt_gap){
	    .stream = stream->number,
	    .from_position = event->position,
	    .bytes = event->gap_bytes,
	    .from_tick = stream->last_tick,
	};
}

/* The gaps of this stream that were open until now. One alone has all the events. */
static void settle(struct pmt_gaps *gaps, const struct pmt_stream_state *stream,
		   uint64_t tick, bool is_known, uint64_t count)
{
	const struct pmt_gap_state *state = &stream->gaps;

	for (uint32_t i = state->first_open; i < gaps->kept_count; i++) {
		struct pmt_gap *gap = &gaps->kept[i];

		if (gap->stream != stream->number)
			continue;
		gap->to_tick = tick;
		gap->is_count_known = is_known && state->open_count == 1;
		gap->event_count = gap->is_count_known ? count : 0;
	}
}

void pmt_gaps_end(struct pmt_model *model, struct pmt_stream_state *stream,
		  const struct pmt_checkpoint *point)
{
	struct pmt_gap_state *state = &stream->gaps;
	uint64_t seen = stream->event_count + state->lost_count + state->missing_count;
	bool is_known = !state->is_count_useless && point->event_count >= seen;
	uint64_t count = is_known ? point->event_count - seen : 0;

	if (state->open_count == 0) {
		state->is_count_useless |= point->event_count != seen;
		return;
	}
	settle(&model->gaps, stream, point->tick, is_known, count);
	state->missing_count += count;
	state->open_count = 0;
	model->gaps.event_count += count;
	model->gaps.has_unknown |= !is_known;
}

void pmt_gaps_finish(struct pmt_model *model)
{
	for (uint32_t i = 0; i < model->streams.count; i++)
		model->gaps.has_unknown |= model->streams.items[i].gaps.open_count > 0;
}
