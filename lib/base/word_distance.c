/*
 * Damerau-Levenshtein distance (optimal string alignment) in three rows on the stack:
 * it runs in the tracer's constructor, on whatever stack that has.
 */
#include "base/word_distance.h"

#include <limits.h>
#include <string.h>

enum { ROW_BYTES = PMT_WORD_BYTES_MAX + 1 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned pmt_word_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	/* The last three rows of the matrix; a distance is at most 63. */
	unsigned char before[ROW_BYTES], above[ROW_BYTES], here[ROW_BYTES];

	if (a_size > PMT_WORD_BYTES_MAX || b_size > PMT_WORD_BYTES_MAX)
		return UINT_MAX;
	memset(above, 0, ROW_BYTES);
	memset(here, 0, ROW_BYTES);
	for (size_t j = 0; j <= b_size; j++)
		here[j] = (unsigned char)j;
	for (size_t i = 1; i <= a_size; i++) {
		memcpy(before, above, ROW_BYTES);
		memcpy(above, here, ROW_BYTES);
		here[0] = (unsigned char)i;
		for (size_t j = 1; j <= b_size; j++) {
			unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);

			best = least(best, least(above[j], here[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				best = least(best, before[j - 2] + 1u);
			here[j] = (unsigned char)best;
		}
	}
	return here[b_size];
}

unsigned pmt_word_slips_max(size_t size)
{
	return size >= 6 ? (unsigned)(size / 3) : 1;
}
