/* How far a word is from a known one, for "did you mean ...?". */
#ifndef PMT_BASE_WORD_DISTANCE_H
#define PMT_BASE_WORD_DISTANCE_H

#include <stddef.h>

enum { PMT_WORD_BYTES_MAX = 63 };

/*
 * Insertions, deletions, changes and swaps of neighbours that lead from a to b. Words
 * longer than PMT_WORD_BYTES_MAX are infinitely far (UINT_MAX). No allocation.
 */
unsigned pmt_word_distance(const char *a, size_t a_size, const char *b, size_t b_size);

/* The distance up to which a word of this size is taken for a slip of the finger. */
unsigned pmt_word_slips_max(size_t size);

#endif
