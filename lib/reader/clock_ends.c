/*
 * Every stream begins with a checkpoint and the thread that ends the process leaves one,
 * so the first chunks of the first streams and the last chunks of the file have the
 * earliest and the latest, or nearly.
 */
#include "reader/clock_ends.h"

#include <errno.h>

#include "format/record.h"
#include "reader/chunk.h"

enum { CHUNKS_LOOKED_AT = 8 };

struct look {
	struct pmt_trace *trace;
	struct pmt_tables *tables; /* only for their clock */
	struct pmt_buffer stored;
	struct pmt_buffer raw;
};

/* Damage is no failure: another chunk has another checkpoint. */
static int look_into(struct look *look, size_t number)
{
	const struct pmt_chunk *chunk = pmt_trace_chunk(look->trace, number);
	struct pmt_event event = {.kind = PMT_EVENT_RECORD, .stream = chunk->stream};
	int rc = pmt_chunk_load(look->trace, chunk, &look->stored, &look->raw);

	if (rc != 0)
		return rc == -ENOMEM ? rc : 0;
	const uint8_t *at = look->raw.bytes;
	const uint8_t *end = at + (chunk->readable_to - chunk->from);
	while (rc == 0 &&
	       pmt_record_decode_form(chunk->form, &at, end, &event.record) == 0)
		if (event.record.op == PMT_OP_EXTENDED &&
		    event.record.ext == PMT_EXT_CHECKPOINT)
			rc = pmt_tables_add(look->tables, &event);
	return rc;
}

int pmt_clock_from_ends(struct pmt_trace *trace, struct pmt_clock *ret_clock)
{
	struct look look = {.trace = trace, .tables = pmt_tables_new(trace)};
	size_t count = pmt_trace_chunk_count(trace);
	int rc = look.tables ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < count && i < CHUNKS_LOOKED_AT; i++)
		rc = look_into(&look, i);
	for (size_t i = 0; rc == 0 && i < CHUNKS_LOOKED_AT && i < count; i++)
		rc = look_into(&look, count - 1 - i);
	if (rc == 0)
		*ret_clock = pmt_tables_clock(look.tables);
	pmt_tables_free(look.tables);
	pmt_buffer_free(&look.stored);
	pmt_buffer_free(&look.raw);
	return rc;
}
