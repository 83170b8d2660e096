/* Encoders and decoders of live records, fields in the same order in each pair. */
#include "format/payload_live.h"

#include "base/varint.h"

enum { STATE_FIELDS = 10, PLACE_FIELDS = 11 };

uint8_t *pmt_payload_put_live_state(uint8_t *p, const struct pmt_live_state *state)
{
	const uint64_t fields[STATE_FIELDS] = {
	    state->reason,
	    state->peak_bytes,
	    state->peak_tick,
	    state->table_bytes,
	    state->unknown_free_count,
	    state->missed_free_count,
	    state->other_thread_count,
	    state->inherited_count,
	    state->inherited_freed_count,
	    state->inherited_freed_bytes,
	};

	return pmt_varint_put_all(p, fields, STATE_FIELDS);
}

bool pmt_payload_get_live_state(const struct pmt_record *r,
				struct pmt_live_state *ret_state)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	uint64_t f[STATE_FIELDS];

	if (!pmt_varint_get_all(&p, end, f, STATE_FIELDS) || f[0] > UINT8_MAX)
		return false;
	*ret_state = (struct pmt_live_state){
	    .reason = (uint8_t)f[0],
	    .peak_bytes = f[1],
	    .peak_tick = f[2],
	    .table_bytes = f[3],
	    .unknown_free_count = f[4],
	    .missed_free_count = f[5],
	    .other_thread_count = f[6],
	    .inherited_count = f[7],
	    .inherited_freed_count = f[8],
	    .inherited_freed_bytes = f[9],
	};
	return true;
}

uint8_t *pmt_payload_put_live_place(uint8_t *p, const struct pmt_live_place *place)
{
	const uint64_t fields[PLACE_FIELDS] = {
	    place->stream,          place->stack_id,        place->kind,
	    place->allocated.bytes, place->allocated.count, place->live.bytes,
	    place->live.count,      place->at_peak.bytes,   place->at_peak.count,
	    place->temporary.bytes, place->temporary.count,
	};

	return pmt_varint_put_all(p, fields, PLACE_FIELDS);
}

bool pmt_payload_get_live_place(const struct pmt_record *r,
				struct pmt_live_place *ret_place)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	uint64_t f[PLACE_FIELDS];

	if (!pmt_varint_get_all(&p, end, f, PLACE_FIELDS) || f[0] > UINT32_MAX ||
	    f[1] > UINT32_MAX || f[2] > UINT8_MAX)
		return false;
	*ret_place = (struct pmt_live_place){
	    .stream = (uint32_t)f[0],
	    .stack_id = (uint32_t)f[1],
	    .kind = (uint8_t)f[2],
	    .allocated = {f[3], f[4]},
	    .live = {f[5], f[6]},
	    .at_peak = {f[7], f[8]},
	    .temporary = {f[9], f[10]},
	};
	return true;
}
