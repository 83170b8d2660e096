/* The drain's side of detail=live; see live.h. A place whose last record still holds is
 * not written again: the file grows with what happens, not with time. */
#include "drain/live.h"

#include "base/crc32c.h"
#include "drain/pass.h"
#include "event/emit.h"
#include "live/live.h"
#include "run/run.h"

static bool write_state(enum pmt_live_reason reason)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_live_state state = pmt_live_sums_to_state(pmt_run->live.sums, reason);

	state.table_bytes = pmt_live_table_bytes();
	return pmt_pass_write_process_locked(PMT_EXT_LIVE_STATE, payload,
					     pmt_payload_put_live_state(payload, &state));
}

static bool write_row(struct pmt_live_row *row, uint64_t peak_number)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	const struct pmt_live_place place = pmt_live_row_to_place(row, peak_number);
	const uint8_t *end = pmt_payload_put_live_place(payload, &place);
	uint32_t crc = pmt_crc32c(0, payload, (size_t)(end - payload));

	if (place.allocated.count == 0 || crc == row->said)
		return true;
	if (!pmt_pass_write_process_locked(PMT_EXT_LIVE_PLACE, payload, end))
		return false;
	row->said = crc;
	return true;
}

bool pmt_live_write_locked(enum pmt_live_reason reason)
{
	const struct pmt_live_rows *rows = &pmt_run->live;

	if (!rows->sums)
		return true;
	if (!write_state(reason))
		return false;
	uint64_t peak_number = pmt_load_relaxed(&rows->sums->peak_bytes);
	uint32_t count = pmt_load32_acquire(&rows->count);
	for (uint32_t i = 0; i < count && i < rows->most; i++) {
		/* Acquire: partner of take_block. */
		if (!atomic_load_explicit(&rows->blocks[i / rows->rows_a_block],
					  memory_order_acquire))
			continue;
		struct pmt_live_row *row = pmt_live_row_own(rows, i);
		if (pmt_load32_acquire(&row->is_used) && !write_row(row, peak_number))
			return false;
	}
	return true;
}
