/*
 * Counts of types as records of stream 0; see types.h. They only grow, and a later record
 * replaces an earlier one, so a kill costs what came since the last writing.
 */
#include "drain/types.h"

#include "drain/pass.h"
#include "event/emit.h"
#include "event/types.h"
#include "run/run.h"

enum { NAME_BYTES_MAX = 1024 }; /* of module and name each: see python/type_names.h */

static bool write_definition(uint32_t id)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES + 2 * NAME_BYTES_MAX];
	const struct pmt_type_def def = pmt_types_define(id);

	return pmt_pass_write_process_locked(PMT_EXT_TYPE, payload,
					     pmt_payload_put_type(payload, &def));
}

static bool write_counts(uint32_t id, struct pmt_type *type)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	const struct pmt_type_counts counts = pmt_types_read(id);
	uint64_t sum = pmt_types_sum(&counts);

	/* A thread may have said its counts at a mark, but never its name. */
	if (sum && !type->is_defined && !write_definition(id))
		return false;
	type->is_defined = sum != 0;
	if (sum == pmt_load_relaxed(&type->said_sum))
		return true;
	if (!pmt_pass_write_process_locked(PMT_EXT_TYPE_COUNTS, payload,
					   pmt_payload_put_type_counts(payload, &counts)))
		return false;
	pmt_store_relaxed(&type->said_sum, sum);
	return true;
}

bool pmt_types_write_locked(void)
{
	uint32_t count = pmt_types_count();

	for (uint32_t id = PMT_TYPE_ID_OTHERS; id < count; id++)
		if (!write_counts(id, pmt_types_at(id)))
			return false;
	return true;
}
