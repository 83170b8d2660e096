/* "Did you mean ...?": the known word nearest to one that is not known. */
#ifndef PMT_CLI_SUGGEST_H
#define PMT_CLI_SUGGEST_H

#include <stddef.h>

/*
 * Returns the word of words[0..count) that differs least from word (insertions,
 * deletions, changes and swaps of neighbours), or NULL when none is near enough to be
 * a slip of the finger. Words of up to 63 bytes.
 */
const char *pmt_suggest(const char *word, const char *const *words, size_t count);

#endif
