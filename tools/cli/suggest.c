/* The nearest of a list of words. */
#include "cli/suggest.h"

#include <string.h>

#include "base/word_distance.h"

const char *pmt_suggest(const char *word, const char *const *words, size_t count)
{
	size_t size = strlen(word);
	unsigned limit = pmt_word_slips_max(size);
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		unsigned away = pmt_word_distance(word, size, words[i], strlen(words[i]));

		if (away > limit || (nearest && away == limit))
			continue;
		nearest = words[i];
		limit = away;
	}
	return nearest;
}
