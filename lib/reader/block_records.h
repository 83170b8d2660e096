/*
 * What records of single blocks mean in their stream: the address, which they have as the
 * difference to the one before, and the fields of short records (format/block_code.h),
 * by what the stream had since its last checkpoint. One for each stream that is read.
 */
#ifndef PMT_READER_BLOCK_RECORDS_H
#define PMT_READER_BLOCK_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/format.h"
#include "reader/cursor.h"

struct pmt_block_coding;

/* Begins with zeros: nothing is known before the first checkpoint. */
struct pmt_block_records {
	bool is_known; /* since the last checkpoint there was no gap */
	uint64_t last_address;
	struct pmt_block_coding *coding; /* with PMT_FORM_BLOCKS, from a checkpoint on */
	uint8_t payload[64];             /* of a short record, as ALLOC or FREE have it */
};

/* A checkpoint of a stream of that form: 0 or -ENOMEM. */
int pmt_block_records_begin(struct pmt_block_records *blocks,
			    enum pmt_form form) PMT_MUST_CHECK;

/* There is a gap: up to the next checkpoint nothing is known. */
void pmt_block_records_lose(struct pmt_block_records *blocks);

/* The next ALLOC, FREE or FAULT. A short one gets a payload, which is valid until the
 * next one: zeros where nothing is known. Returns the address, 0 where it is not known;
 * *ret_block is of use for the first two.
 */
uint64_t pmt_block_records_take(struct pmt_block_records *blocks,
				struct pmt_record *record,
				struct pmt_event_block *ret_block);

void pmt_block_records_close(struct pmt_block_records *blocks);

#endif
