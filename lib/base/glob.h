/*
 * Shell-like patterns for the filters: * any characters, ? one, [a-z] one of a set,
 * [!a-z] one outside it. There is no escape character, [*] is a literal star; / and . are
 * ordinary. Characters are UTF-8, whatever the locale; a byte that is not counts as one.
 */
#ifndef PMT_BASE_GLOB_H
#define PMT_BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the whole of text[0..size) matches. No allocation, no recursion, and at most
 * pattern times text steps whatever the pattern: no input can make it exponential.
 * A [ without its ] is an ordinary character.
 */
bool pmt_glob_match(const char *pattern, const char *text, size_t size);

#endif
