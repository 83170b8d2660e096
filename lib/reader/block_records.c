/* Records of blocks, understood in their stream; see block_records.h. */
#include "reader/block_records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "format/block_coding.h"

int pmt_block_records_begin(struct pmt_block_records *blocks, enum pmt_form form)
{
	if (blocks->coding)
		memset(blocks->coding, 0, sizeof(*blocks->coding));
	else if (form == PMT_FORM_BLOCKS &&
		 !(blocks->coding = calloc(1, sizeof(*blocks->coding))))
		return -ENOMEM;
	blocks->is_known = true;
	blocks->last_address = 0;
	return 0;
}

void pmt_block_records_lose(struct pmt_block_records *blocks)
{
	blocks->is_known = false;
}

void pmt_block_records_close(struct pmt_block_records *blocks)
{
	free(blocks->coding);
	*blocks = (struct pmt_block_records){0};
}

/* The step is the field of that number in all three payloads. */
static uint64_t step(struct pmt_block_records *blocks, const struct pmt_record *r,
		     unsigned field)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	uint64_t value = 0;

	for (unsigned i = 0; i <= field; i++)
		if (!pmt_varint_get(&p, end, &value))
			return 0;
	blocks->last_address += (uint64_t)pmt_unzigzag(value);
	return blocks->is_known ? blocks->last_address : 0;
}

/* The step to a short record's address. */
static int64_t step_to(struct pmt_block_records *blocks, uint64_t address)
{
	int64_t step = (int64_t)(address - blocks->last_address);

	blocks->last_address = address;
	return step;
}

static void give_payload(struct pmt_block_records *blocks, struct pmt_record *r,
			 const uint8_t *end)
{
	r->payload = blocks->payload;
	r->payload_bytes = (size_t)(end - blocks->payload);
}

static uint64_t take_alloc(struct pmt_block_records *blocks, struct pmt_record *r,
			   struct pmt_event_block *ret_block)
{
	bool is_understood = blocks->is_known && blocks->coding;
	struct pmt_block_alloc *alloc = &ret_block->alloc;
	uint64_t address = 0;

	if (!r->is_coded) {
		address = step(blocks, r, 4);
		ret_block->is_readable = pmt_payload_get_alloc(r, alloc);
		if (is_understood && ret_block->is_readable)
			pmt_code_note_alloc(blocks->coding, alloc, address);
		return address;
	}
	*ret_block = (struct pmt_event_block){.is_readable = true};
	if (is_understood) {
		address = pmt_code_resolve_alloc(blocks->coding, &r->code, alloc);
		alloc->address_step = step_to(blocks, address);
	}
	give_payload(blocks, r, pmt_payload_put_alloc(blocks->payload, alloc));
	return address;
}

static uint64_t take_free(struct pmt_block_records *blocks, struct pmt_record *r,
			  struct pmt_event_block *ret_block)
{
	bool is_understood = blocks->is_known && blocks->coding;
	struct pmt_block_free *release = &ret_block->release;
	uint64_t address = 0;

	if (!r->is_coded) {
		address = step(blocks, r, 1);
		ret_block->is_readable = pmt_payload_get_free(r, release);
		if (is_understood && ret_block->is_readable)
			pmt_code_note_free(blocks->coding, release, address);
		return address;
	}
	*ret_block = (struct pmt_event_block){.is_readable = true};
	if (is_understood) {
		address = pmt_code_resolve_free(blocks->coding, &r->code, release);
		release->address_step = step_to(blocks, address);
	}
	give_payload(blocks, r, pmt_payload_put_free(blocks->payload, release));
	return address;
}

uint64_t pmt_block_records_take(struct pmt_block_records *blocks,
				struct pmt_record *record,
				struct pmt_event_block *ret_block)
{
	if (record->ext == PMT_EXT_ALLOC)
		return take_alloc(blocks, record, ret_block);
	if (record->ext == PMT_EXT_FREE)
		return take_free(blocks, record, ret_block);
	return step(blocks, record, 2);
}
