/*
 * From the table of types (types.h) to records of the calling thread's own stream. The
 * drain does the same for stream 0 every now and then (drain/types.c); a mark wants it
 * now. Names are the drain's: a signal handler's stack may be too small for them.
 */
#include "event/type_counts.h"

#include "event/emit.h"
#include "event/types.h"

static bool say(struct pmt_emitter *e, uint32_t id, struct pmt_type *type)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	const struct pmt_type_counts counts = pmt_types_read(id);
	uint64_t sum = pmt_types_sum(&counts);

	if (sum == pmt_load_relaxed(&type->said_sum))
		return true;
	const uint8_t *end = pmt_payload_put_type_counts(payload, &counts);
	if (!pmt_emit_extended(e, NULL, PMT_EXT_TYPE_COUNTS, payload,
			       (size_t)(end - payload)))
		return false;
	pmt_store_relaxed(&type->said_sum, sum);
	return true;
}

void pmt_type_counts_say_self(struct pmt_emitter *e)
{
	uint32_t count = pmt_types_count();

	for (uint32_t id = PMT_TYPE_ID_OTHERS; id < count; id++)
		if (!say(e, id, pmt_types_at(id)))
			return;
}
