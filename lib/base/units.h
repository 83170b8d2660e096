/*
 * Sizes and durations as people write them: 4K, 512KiB, 1MB, 100ms. No locale, no
 * allocation, overflow checked: the tracer reads its configuration with these from its
 * constructor. K, M, G, T are binary like KiB...; KB, MB... are decimal; case is ignored.
 */
#ifndef PMT_BASE_UNITS_H
#define PMT_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { PMT_UNITS_TEXT_BYTES = 32 };

/*
 * Reads the whole of text[0..size) as a size in bytes. 0, or -EINVAL when it is not a
 * number with a known unit, or -ERANGE when it does not fit 64 bits.
 */
int pmt_units_parse_size(const char *text, size_t size,
			 uint64_t *ret_bytes) PMT_MUST_CHECK;

/*
 * Reads the whole of text[0..size) as a duration: ns, us, ms, s, m, h. A unit is needed
 * except for 0. 0, -EINVAL or -ERANGE as above.
 */
int pmt_units_parse_duration(const char *text, size_t size,
			     uint64_t *ret_ns) PMT_MUST_CHECK;

/* Writes bytes in the largest binary unit that says it exactly ("64KiB", "1000"), and a
 * terminating 0. What the parser above reads back. Returns the length. */
size_t pmt_units_format_size(uint64_t bytes, char text[PMT_UNITS_TEXT_BYTES]);

/* The same for a duration: "100ms", "2m", "0". */
size_t pmt_units_format_duration(uint64_t ns, char text[PMT_UNITS_TEXT_BYTES]);

/* Writes value in decimal and a terminating 0; returns the length. */
size_t pmt_units_format_count(uint64_t value, char text[PMT_UNITS_TEXT_BYTES]);

#endif
