/* "Did you mean ...?" over the keys and words of the option table. Pure; no allocation.
 */
#include <string.h>

#include "base/option_table.h"
#include "base/word_distance.h"

struct nearest {
	const char *word;
	unsigned away;
};

static void consider(struct nearest *best, const char *word, size_t size,
		     const char *known)
{
	unsigned away = pmt_word_distance(word, size, known, strlen(known));

	if (away < best->away)
		*best = (struct nearest){known, away};
}

const char *pmt_option_suggest_key(const char *key, size_t size)
{
	struct nearest best = {NULL, pmt_word_slips_max(size) + 1};

	for (size_t i = 0; i < pmt_option_count; i++)
		consider(&best, key, size, pmt_option_table[i].key);
	return best.word;
}

const char *pmt_option_suggest_word(const struct pmt_option *option, const char *word,
				    size_t size)
{
	struct nearest best = {NULL, pmt_word_slips_max(size) + 1};

	for (size_t i = 0; i < option->word_count; i++)
		if (!option->words[i].later)
			consider(&best, word, size, option->words[i].name);
	return best.word;
}
