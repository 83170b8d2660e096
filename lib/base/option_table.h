/*
 * The table of all options: one row a key, from which the parser, the flags of
 * pymemtrace-run, its --help and the manual page are made.
 */
#ifndef PMT_BASE_OPTION_TABLE_H
#define PMT_BASE_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/phrase.h"

enum pmt_option_type {
	PMT_OPTION_WORD,     /* uint32_t, one of words */
	PMT_OPTION_WORDS,    /* uint32_t, words joined with +, or'ed together */
	PMT_OPTION_FLAG,     /* bool, 0 or 1 */
	PMT_OPTION_SIZE,     /* uint64_t, bytes */
	PMT_OPTION_DURATION, /* uint64_t, nanoseconds */
	PMT_OPTION_PATH,     /* const char * */
	PMT_OPTION_GLOBS,    /* struct pmt_globs, the key may repeat */
};

struct pmt_option_word {
	const char *name;
	uint32_t value;
	bool later; /* known, but this version cannot do it */
};

struct pmt_option {
	const char *key;
	uint16_t type;      /* enum pmt_option_type */
	uint16_t field_off; /* in struct pmt_options */
	uint16_t word_count;
	bool zero_is_off; /* 0 is allowed below min too */
	bool power_of_two;
	const struct pmt_option_word *words;
	uint64_t min; /* of numbers */
	uint64_t max;
	const char *initial; /* the default, as a user would write it; NULL: none */
	const char *unit;    /* what the value is, in help: WORD, SIZE, PATH... */
	const char *modes;   /* the modes that look at it */
	const char *help;    /* one line */
};

extern const struct pmt_option pmt_option_table[];
extern const size_t pmt_option_count;

/* The row of key[0..size), or NULL. */
const struct pmt_option *pmt_option_find(const char *key, size_t size);

/* The key, or the option's word, that a misspelt one was probably meant to be, or NULL.
 */
const char *pmt_option_suggest_key(const char *key, size_t size);
const char *pmt_option_suggest_word(const struct pmt_option *option, const char *word,
				    size_t size);

/* Writes what the option takes: "calls|lines|allocs|off, joined with +", "0|1", "64KiB to
 * 64MiB, a power of two", "PATH". */
void pmt_option_put_allowed(struct pmt_phrase *phrase, const struct pmt_option *option);

#endif
