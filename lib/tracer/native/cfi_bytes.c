/* Numbers in .eh_frame; see cfi_bytes.h. */
#include "native/cfi_bytes.h"

#include <stddef.h>
#include <string.h>

uint64_t pmt_cfi_get(struct pmt_cfi_bytes *b, unsigned size)
{
	uint64_t value = 0;

	if ((size_t)(b->end - b->p) < size) {
		b->bad = true;
		return 0;
	}
	memcpy(&value, b->p, size);
	b->p += size;
	return value;
}

uint64_t pmt_cfi_get_uleb(struct pmt_cfi_bytes *b)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint64_t byte = pmt_cfi_get(b, 1);

		value |= (byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	b->bad = true;
	return value;
}

int64_t pmt_cfi_get_sleb(struct pmt_cfi_bytes *b)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 63;) {
		uint64_t byte = pmt_cfi_get(b, 1);

		value |= (byte & 0x7f) << shift;
		shift += 7;
		if (!(byte & 0x80))
			return (int64_t)(byte & 0x40 ? value | ~UINT64_C(0) << shift
						     : value);
	}
	b->bad = true;
	return 0;
}

enum { RELATIVE = 0x70, PC_RELATIVE = 0x10, DATA_RELATIVE = 0x30 };

uint64_t pmt_cfi_get_encoded(struct pmt_cfi_bytes *b, uint8_t encoding,
			     const uint8_t *base)
{
	uint64_t at = (uint64_t)(uintptr_t)b->p, value;

	switch (encoding & PMT_CFI_FORM) {
	case 0x00:
	case 0x04:
	case 0x0c:
		value = pmt_cfi_get(b, 8);
		break;
	case 0x03:
		value = pmt_cfi_get(b, 4);
		break;
	case 0x0b:
		value = (uint64_t)(int64_t)(int32_t)pmt_cfi_get(b, 4);
		break;
	default:
		b->bad = true;
		return 0;
	}
	if ((encoding & RELATIVE) == PC_RELATIVE)
		return value + at;
	if ((encoding & RELATIVE) == DATA_RELATIVE)
		return value + (uint64_t)(uintptr_t)base;
	b->bad |= (encoding & RELATIVE) != 0;
	return value;
}

struct pmt_cfi_bytes pmt_cfi_get_block(struct pmt_cfi_bytes *b)
{
	uint64_t size = pmt_cfi_get_uleb(b);

	if (b->bad || size > (uint64_t)(b->end - b->p)) {
		b->bad = true;
		return (struct pmt_cfi_bytes){b->p, b->p, true};
	}
	const uint8_t *begin = b->p;
	b->p += size;
	return (struct pmt_cfi_bytes){begin, b->p, false};
}
