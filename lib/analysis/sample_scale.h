/*
 * What one block of a sampled trace stands for. A block of s bytes was drawn with the
 * probability p = 1 - exp(-s / mean), so that its bytes and its count, divided by p, are
 * on average what all blocks like it add up to, drawn or not.
 *
 * Sums of such figures are numbers with a fraction of 32 bits: a block's share that is
 * added and later removed, whole or piece by piece, leaves exactly nothing, and nothing
 * is rounded before it is printed.
 */
#ifndef PMT_ANALYSIS_SAMPLE_SCALE_H
#define PMT_ANALYSIS_SAMPLE_SCALE_H

#include <stdint.h>

/* 1, as a scale: of every block in a trace that has them all. */
#define PMT_SCALE_ONE (UINT64_C(1) << 32)

/* 1 / p, times 2^32; PMT_SCALE_ONE with a mean of 0. Right to 2e-10 of itself, and for
 * means up to 4 GiB. */
uint64_t pmt_sample_scale(uint64_t mean_bytes, uint64_t block_bytes);

/* Bytes, or blocks: so many, and so many 2^32nds. */
struct pmt_share {
	uint64_t whole;
	uint32_t part;
};

static inline struct pmt_share pmt_share_of(uint64_t number, uint64_t scale)
{
	unsigned __int128 share = (unsigned __int128)number * scale;

	return (struct pmt_share){(uint64_t)(share >> 32), (uint32_t)share};
}

static inline void pmt_share_add(uint64_t *whole, uint32_t *part, struct pmt_share more)
{
	uint64_t parts = (uint64_t)*part + more.part;

	*whole += more.whole + (parts >> 32);
	*part = (uint32_t)parts;
}

static inline void pmt_share_remove(uint64_t *whole, uint32_t *part,
				    struct pmt_share less)
{
	uint64_t borrows = *part < less.part;

	*whole -= less.whole + borrows;
	*part -= less.part;
}

/* For printing. */
static inline uint64_t pmt_share_rounded(uint64_t whole, uint32_t part)
{
	return whole + (part >> 31);
}

#endif
