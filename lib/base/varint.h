/*
 * Variable-length integers (LEB128, seven bits a byte, low bits first) and the
 * zigzag mapping for signed ones. The writer never checks for room: its caller
 * reserved it. The reader trusts nothing.
 */
#ifndef PMT_BASE_VARINT_H
#define PMT_BASE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { PMT_VARINT_MAX_BYTES = 10 };

/* Writes value at p, which has PMT_VARINT_MAX_BYTES of room; returns the end. */
PMT_INLINE uint8_t *pmt_varint_put(uint8_t *p, uint64_t value)
{
	while (PMT_UNLIKELY(value >= 0x80)) {
		*p++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*p++ = (uint8_t)value;
	return p;
}

static inline uint64_t pmt_zigzag(int64_t value)
{
	return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t pmt_unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/*
 * Reads one value from [*p, end) and moves *p behind it. False when the bytes end
 * first or do not fit 64 bits; *p is then unchanged.
 */
static inline bool pmt_varint_get(const uint8_t **p, const uint8_t *end,
				  uint64_t *ret_value)
{
	const uint8_t *q = *p;
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (q == end)
			return false;
		uint8_t byte = *q++;
		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*p = q;
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* Several, one behind the other. */
static inline uint8_t *pmt_varint_put_all(uint8_t *p, const uint64_t *values,
					  unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		p = pmt_varint_put(p, values[i]);
	return p;
}

/* False when one of them does not end before end; *p then stands before that one. */
static inline bool pmt_varint_get_all(const uint8_t **p, const uint8_t *end,
				      uint64_t *ret_values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!pmt_varint_get(p, end, &ret_values[i]))
			return false;
	return true;
}

#endif
