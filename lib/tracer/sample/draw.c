/* An exponential number from a uniform one, by its logarithm bit after bit. */
#include "sample/draw.h"

/* ln 2, times 2^32. */
static const uint64_t LN2_Q32 = 2977044472u;

enum { FRACTION_BITS = 32 };

/* splitmix64: neighbouring numbers give states that have nothing in common. */
uint64_t pmt_draw_seed(uint64_t entropy)
{
	uint64_t z = entropy + 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return z ? z : 1;
}

/* xorshift64*: never 0 as long as the state is not, which is what a logarithm wants. */
static uint64_t next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 2685821657736338717u;
}

/* -log2(u / 2^64), times 2^32. Squaring a number in [1, 2) shows the next bit of its
 * logarithm: whether the square is 2 or more. */
static uint64_t minus_log2(uint64_t u)
{
	int zeros = __builtin_clzll(u);
	uint64_t x = u << zeros >> 1; /* 1 is 2^62 */
	uint64_t fraction = 0;

	for (int i = 0; i < FRACTION_BITS; i++) {
		x = (uint64_t)((unsigned __int128)x * x >> 62);
		fraction = fraction << 1 | x >> 63;
		x >>= x >> 63;
	}
	return ((uint64_t)(zeros + 1) << FRACTION_BITS) - fraction;
}

uint64_t pmt_draw_gap(uint64_t *state, uint64_t mean_bytes)
{
	uint64_t u = next(state);
	uint64_t natural =
	    (uint64_t)((unsigned __int128)minus_log2(u) * LN2_Q32 >> FRACTION_BITS);

	return (uint64_t)((unsigned __int128)natural * mean_bytes >> FRACTION_BITS) + 1;
}
