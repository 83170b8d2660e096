/* What is live as the process summed it (detail=live): the last record of each place. */
#include <errno.h>

#include "analysis/model_private.h"
#include "format/payload_live.h"

static int add_place(struct pmt_model *model, const struct pmt_live_place *record)
{
	struct pmt_places *places = &model->live.places;
	enum pmt_place_kind kind;
	uint32_t at;

	/* More live than allocated: a forged file's. */
	if (!pmt_block_place_kind(record->kind, &kind) || pmt_place_is_domain(kind) ||
	    record->live.bytes > record->allocated.bytes ||
	    record->live.count > record->allocated.count)
		return 0;
	int error =
	    pmt_places_get(places, record->stream, record->stack_id, kind, 0, &at);
	if (error)
		return error;
	places->items[at].allocated = (struct pmt_held){.bytes = record->allocated.bytes,
							.count = record->allocated.count};
	places->items[at].live =
	    (struct pmt_held){.bytes = record->live.bytes, .count = record->live.count};
	return model->options.with_block_history
		   ? pmt_block_history_put_live(&model->block_history, record)
		   : 0;
}

int pmt_model_add_live(struct pmt_model *model, const struct pmt_record *record)
{
	struct pmt_live_place place;
	struct pmt_live_state state;

	if (record->ext == PMT_EXT_LIVE_PLACE)
		return pmt_payload_get_live_place(record, &place)
			   ? add_place(model, &place)
			   : 0;
	if (!pmt_payload_get_live_state(record, &state))
		return 0;
	model->live.state_count++;
	model->live.state = state;
	model->peaks.summed_heap = (struct pmt_peak){
	    .source = state.peak_tick ? PMT_PEAK_EVENT : PMT_PEAK_NONE,
	    .bytes = (int64_t)(state.peak_bytes & INT64_MAX),
	    .from_tick = state.peak_tick,
	    .at = {.tick = state.peak_tick},
	    .reached = {.tick = state.peak_tick},
	    .reached_bytes = (int64_t)(state.peak_bytes & INT64_MAX),
	};
	if (model->options.with_block_history)
		pmt_block_history_put_state(&model->block_history, &state);
	return 0;
}
