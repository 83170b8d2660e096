/*
 * The short form of records about blocks, in streams of version 2 that hold no calls: the
 * operations 0 to 4 of a head byte are these, with fields of their own instead of a type
 * and a payload. A record says how its block differs from what the stream's memory of
 * blocks expects (block_coding.h); without the memory its length is known, but not what
 * it means.
 */
#ifndef PMT_FORMAT_BLOCK_CODE_H
#define PMT_FORMAT_BLOCK_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* Operations of heads in streams of blocks; 5 and 6 mean nothing, 7 is EXTENDED. */
enum pmt_code_op {
	PMT_CODE_ALLOC_AGAIN = 0, /* the signature that came behind the last one before */
	PMT_CODE_ALLOC_KNOWN = 1, /* byte: the signature's number */
	PMT_CODE_ALLOC_NEW = 2, /* varints kind, stack, requested, perhaps usable bytes */
	PMT_CODE_FREE = 3,      /* of the kind that fits the block */
	PMT_CODE_FREE_OF_KIND = 4, /* byte: kind */
};

/* Bits of the head, besides PMT_FLAG_TIME: how the address is said. */
enum pmt_code_place {
	PMT_CODE_EXPECTED = 0x00, /* the one that the memory expects */
	PMT_CODE_NUMBER = 0x40, /* byte, and the bits 10 and 20: number of the address */
	PMT_CODE_LAST = 0x80,   /* ALLOC: right behind the last made. FREE: that one */
	PMT_CODE_STEP = 0xc0,   /* zigzag: 16 bytes, from the last made or last freed */
	PMT_CODE_PLACE_MASK = 0xc0,
	PMT_CODE_NUMBER_SHIFT = 4,
	PMT_CODE_NUMBER_MASK = 0x30,
};

/* Of the kind in ALLOC_NEW, which is shifted by one: the usable bytes are given. */
enum { PMT_CODE_USABLE_FOLLOWS = 1 };

/* A coded record as its bytes say it. */
struct pmt_block_code {
	uint8_t op;        /* enum pmt_code_op */
	uint8_t place;     /* enum pmt_code_place */
	uint16_t number;   /* with PMT_CODE_NUMBER */
	uint8_t signature; /* ALLOC_KNOWN */
	uint8_t kind;      /* ALLOC_NEW, FREE_OF_KIND: enum pmt_block_kind */
	uint32_t stack_id; /* ALLOC_NEW, and the next two */
	uint32_t requested_bytes;
	uint64_t usable_bytes;
	int64_t step; /* with PMT_CODE_STEP */
};

/* What glibc makes of a request. */
PMT_INLINE uint64_t pmt_code_usual_usable(uint64_t requested_bytes)
{
	uint64_t usable = ((requested_bytes + 8 + 15) & ~(uint64_t)15) - 8;

	return usable < 24 ? 24 : usable;
}

/* Reads what is between head and TIME; false when it is not there or no such thing. */
bool pmt_code_get(const uint8_t **p, const uint8_t *end, uint8_t head,
		  struct pmt_block_code *ret_code);

static inline bool pmt_code_is_alloc(unsigned op)
{
	return op <= PMT_CODE_ALLOC_NEW;
}

#endif
