/* Searching the flipped bit; see mend.h. */
#include "reader/mend.h"

#include "base/crc32c.h"
#include "format/record.h"
#include "format/ring_layout.h"
#include "reader/index.h"

enum { POLYNOMIAL = 0x82f63b78 };

/* What a flipped bit does to the checksum does not depend on the other bits: the last
 * one changes it by the polynomial, each one before by a step of the shift register. */
bool pmt_mend_bytes(uint8_t *bytes, size_t size, uint32_t crc)
{
	uint32_t wanted = pmt_crc32c(0, bytes, size) ^ crc;
	uint32_t change = (uint32_t)POLYNOMIAL;

	for (size_t bit = size * 8; bit-- > 0;) {
		if (change == wanted) {
			bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
			return true;
		}
		change = (change >> 1) ^ (change & 1 ? (uint32_t)POLYNOMIAL : 0);
	}
	return false;
}

bool pmt_mend_records_whole(enum pmt_form form, const uint8_t *raw, size_t size)
{
	const uint8_t *at = raw, *end = raw + size;
	struct pmt_record record;

	for (;;) {
		while (at < end && *at == PMT_RING_FILLER)
			at++;
		if (at == end)
			return true;
		if (pmt_record_decode_form(form, &at, end, &record) != 0)
			return false;
	}
}

bool pmt_mend_header(struct pmt_chunk_header *h)
{
	for (unsigned bit = 0; bit < sizeof(*h) * 8; bit++) {
		uint8_t *byte = (uint8_t *)h + bit / 8;

		*byte ^= (uint8_t)(1u << (bit % 8));
		if (pmt_index_header_valid(h))
			return true;
		*byte ^= (uint8_t)(1u << (bit % 8));
	}
	return false;
}
