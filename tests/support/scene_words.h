/* The words of one statement of a scene: names, numbers with units, key=value pairs. */
#ifndef PMT_TESTS_SUPPORT_SCENE_WORDS_H
#define PMT_TESTS_SUPPORT_SCENE_WORDS_H

#include <stdint.h>

#include "format/record.h"

enum { SCENE_WORDS_MAX = 32, SCENE_LINE_BYTES = 4096 };

struct scene_words {
	char text[SCENE_LINE_BYTES]; /* words end in NUL here */
	char rest[SCENE_LINE_BYTES]; /* the line as it was */
	char *words[SCENE_WORDS_MAX];
	unsigned count;
	unsigned line_number;
};

/* Splits a line; returns the number of words, 0 for an empty line or a comment. */
unsigned scene_words_split(struct scene_words *w, const char *line, size_t size,
			   unsigned line_number);

/* Says what is wrong with the statement, and ends the program. */
_Noreturn void scene_words_fail(const struct scene_words *w, const char *what);

/* A number with its unit. */
int64_t scene_words_number(const struct scene_words *w, const char *word);

/* The i-th word as a number; fails when there is none. */
uint64_t scene_words_at(const struct scene_words *w, unsigned i);

/* The text behind the i-th word, to the end of the line. */
const char *scene_words_behind(const struct scene_words *w, unsigned i);

/* Turns \\xHH into the byte, in place: for texts that a scene file cannot hold. */
char *scene_words_unescape(char *text);

/* The value of key=value, or NULL. */
const char *scene_words_value(const struct scene_words *w, const char *key);
int64_t scene_words_value_number(const struct scene_words *w, const char *key,
				 int64_t otherwise);
int scene_words_has(const struct scene_words *w, const char *word);

/* +TICKS, 0 without. */
uint64_t scene_words_ticks(const struct scene_words *w);

/* alloc= free= obj= rss= map= fmap= */
struct pmt_deltas scene_words_deltas(const struct scene_words *w);

#endif
