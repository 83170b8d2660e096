/*
 * Numbers in .eh_frame as they come, one behind the other. What does not fit is 0, and
 * marks the bytes as bad.
 */
#ifndef PMT_TRACER_NATIVE_CFI_BYTES_H
#define PMT_TRACER_NATIVE_CFI_BYTES_H

#include <stdbool.h>
#include <stdint.h>

struct pmt_cfi_bytes {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

uint64_t pmt_cfi_get(struct pmt_cfi_bytes *b, unsigned size);
uint64_t pmt_cfi_get_uleb(struct pmt_cfi_bytes *b);
int64_t pmt_cfi_get_sleb(struct pmt_cfi_bytes *b);

/* Of an encoding: its size and sign, without what it is relative to. */
enum { PMT_CFI_FORM = 0x0f };

/* A pointer in one of the encodings that linkers use; base: what data is relative to. */
uint64_t pmt_cfi_get_encoded(struct pmt_cfi_bytes *b, uint8_t encoding,
			     const uint8_t *base);

/* A block that begins with its length; the bytes go on behind it. */
struct pmt_cfi_bytes pmt_cfi_get_block(struct pmt_cfi_bytes *b);

#endif
