/*
 * One wrong bit, put right. CRC-32C tells any single flipped bit of a chunk from every
 * other and from any two or three: the one whose turning makes the checksum right is the
 * one. Nothing is taken on trust of that alone: a payload must then be a whole LZ4 block
 * and whole records, a header must lead to a payload with the right checksum.
 */
#ifndef PMT_READER_MEND_H
#define PMT_READER_MEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/format.h"
#include "reader/trace.h"

/* Turns the one bit of bytes that gives them the checksum crc. False when there is none;
 * then bytes are as they were. 3 ns a byte and bit. */
bool pmt_mend_bytes(uint8_t *bytes, size_t size, uint32_t crc);

/* True when raw is whole records from begin to end. */
bool pmt_mend_records_whole(enum pmt_form form, const uint8_t *raw, size_t size);

/* Turns the one bit that makes h a header a writer could have made; as above. */
bool pmt_mend_header(struct pmt_chunk_header *h);

#endif
