/* Salvage of rows; see ring_live.h. Their process may run on meanwhile: each row is then
 * of some moment of now. */
#include "reader/ring_live.h"

#include <errno.h>

#include "format/live_layout.h"
#include "reader/ring_contexts.h"
#include "reader/trace_private.h"

enum { READ_COUNT = 512 };

/* False: the slot holds no rows. One that makes no sense is said. */
static bool read_block(struct pmt_ring_copy *ring, uint32_t i,
		       struct pmt_live_block *ret_block)
{
	uint64_t offset = pmt_ring_copy_slot_offset(ring, i);

	if (pmt_trace_pread(ring->fd, ret_block, sizeof(*ret_block), offset) !=
		(int64_t)sizeof(*ret_block) ||
	    pmt_load32_acquire(&ret_block->slot.state) != PMT_SLOT_LIVE)
		return false;
	if (ret_block->row_bytes == sizeof(struct pmt_live_row))
		return true;
	pmt_ring_copy_say(ring, offset, "expected a block of rows of what is live");
	return false;
}

static int write_rows(struct pmt_ring_copy *ring, const struct pmt_live_row *rows,
		      uint32_t count, uint64_t peak_number)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		const struct pmt_live_place place =
		    pmt_live_row_to_place(&rows[i], peak_number);

		/* Acquire: partner of the release of whoever made the row. */
		if (pmt_load32_acquire(&rows[i].is_used) && place.allocated.count)
			rc = pmt_ring_contexts_put_record(
			    ring, PMT_EXT_LIVE_PLACE, payload,
			    pmt_payload_put_live_place(payload, &place));
	}
	return rc;
}

static int copy_rows(struct pmt_ring_copy *ring, uint32_t i, uint64_t peak_number)
{
	struct pmt_live_row rows[READ_COUNT];
	uint64_t offset =
	    pmt_ring_copy_slot_offset(ring, i) + ring->header.slot_control_bytes;
	uint32_t count = ring->header.slot_data_bytes / (uint32_t)sizeof(rows[0]);
	int rc = 0;

	while (rc == 0 && count > 0) {
		uint32_t want = count < READ_COUNT ? count : READ_COUNT;
		int64_t bytes = (int64_t)(want * sizeof(rows[0]));

		if (pmt_trace_pread(ring->fd, rows, (size_t)bytes, offset) != bytes) {
			pmt_ring_copy_say(ring, offset,
					  "expected rows of what is live, the file is "
					  "too short");
			return 0;
		}
		rc = write_rows(ring, rows, want, peak_number);
		offset += (uint64_t)bytes;
		count -= want;
	}
	return rc;
}

/* The sums of the process are in one of the slots; false: there are none. */
static bool find_sums(struct pmt_ring_copy *ring, uint32_t slot_count,
		      struct pmt_live_block *ret_block)
{
	for (uint32_t i = 0; i < slot_count; i++)
		if (read_block(ring, i, ret_block) && ret_block->number == 0)
			return true;
	return false;
}

int pmt_ring_live_take(struct pmt_ring_copy *ring, uint32_t slot_count)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	uint64_t begin = ring->copied_bytes;
	struct pmt_live_block first, block;

	if (!find_sums(ring, slot_count, &first))
		return 0;
	const struct pmt_live_state state =
	    pmt_live_sums_to_state(&first.sums, PMT_LIVE_SALVAGED);
	int rc =
	    pmt_ring_contexts_put_record(ring, PMT_EXT_LIVE_STATE, payload,
					 pmt_payload_put_live_state(payload, &state));
	for (uint32_t i = 0; rc == 0 && i < slot_count; i++)
		if (read_block(ring, i, &block))
			rc = copy_rows(ring, i, state.peak_bytes);
	return rc ? rc : pmt_ring_contexts_add_chunk(ring, begin);
}
