/*
 * The nearest known word, by Damerau-Levenshtein distance (optimal string alignment).
 * Words are short, so the table lives on the stack.
 */
#include "cli/suggest.h"

#include <string.h>

enum { WORD_BYTES_MAX = 63 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	unsigned cost[WORD_BYTES_MAX + 1][WORD_BYTES_MAX + 1];

	for (unsigned i = 0; i <= a_size; i++)
		cost[i][0] = i;
	for (unsigned j = 0; j <= b_size; j++)
		cost[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		for (size_t j = 1; j <= b_size; j++) {
			unsigned change = a[i - 1] != b[j - 1];
			unsigned best = least(cost[i - 1][j], cost[i][j - 1]) + 1;

			best = least(best, cost[i - 1][j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				best = least(best, cost[i - 2][j - 2] + 1);
			cost[i][j] = best;
		}
	}
	return cost[a_size][b_size];
}

const char *pmt_suggest(const char *word, const char *const *words, size_t count)
{
	size_t size = strlen(word);
	const char *nearest = NULL;
	/* A third of the word may be wrong, and at least one letter. */
	unsigned limit = (unsigned)(size / 3 > 1 ? size / 3 : 1);

	if (size > WORD_BYTES_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other_size = strlen(words[i]);

		if (other_size > WORD_BYTES_MAX)
			continue;
		unsigned away = distance(word, size, words[i], other_size);
		if (away <= limit) {
			limit = away - (away > 0);
			nearest = words[i];
			if (away == 0)
				break;
		}
	}
	return nearest;
}
