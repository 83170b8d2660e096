/*
 * The matcher behind include=, exclude= and thread=. Pure; both worlds, any thread,
 * async-signal-safe. Only the last * seen can ever need another try, because an earlier
 * one could only take a shorter text that the later one takes as well: that is what
 * bounds the time.
 */
#include "base/glob.h"

#include <stdint.h>
#include <string.h>

struct span {
	const char *at;
	const char *end;
};

/* Length of the sequence that begins with lead byte c, 0 when c cannot begin one. */
static size_t sequence_bytes(uint8_t c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* Takes one character from a span that is not empty. A byte that is no UTF-8 gets a
 * number of its own, above all characters. */
static uint32_t take_character(struct span *text)
{
	const uint8_t *p = (const uint8_t *)text->at;
	size_t bytes = sequence_bytes(*p);
	uint32_t value = bytes > 1 ? *p & (0x7fu >> bytes) : *p;

	if (bytes == 0 || bytes > (size_t)(text->end - text->at)) {
		text->at++;
		return 0x110000u + *p;
	}
	for (size_t i = 1; i < bytes; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			text->at++;
			return 0x110000u + *p;
		}
		value = value << 6 | (p[i] & 0x3fu);
	}
	text->at += bytes;
	return value;
}

/*
 * Finds the set that begins at the [ in pattern. Returns its members, between the
 * brackets and behind the !, and moves pattern behind the ]; a span without an `at` when
 * there is no ].
 */
static struct span take_set(struct span *pattern, bool *ret_negated)
{
	struct span set = {pattern->at + 1, pattern->end};

	*ret_negated = set.at < set.end && *set.at == '!';
	set.at += *ret_negated;
	/* A ] in first place is a member. */
	const char *from = set.at < set.end ? set.at + 1 : set.end;
	const char *close = memchr(from, ']', (size_t)(set.end - from));

	if (!close)
		return (struct span){NULL, NULL};
	set.end = close;
	pattern->at = close + 1;
	return set;
}

static bool set_has(struct span set, uint32_t character)
{
	while (set.at < set.end) {
		uint32_t low = take_character(&set);
		uint32_t high = low;

		if (set.end - set.at >= 2 && *set.at == '-') {
			set.at++;
			high = take_character(&set);
		}
		if (low <= character && character <= high)
			return true;
	}
	return false;
}

/* Matches one character of text against one element of pattern that is not a star, and
 * moves both on when it fits. */
static bool match_one(struct span *pattern, struct span *text)
{
	struct span p = *pattern, t = *text;
	uint32_t character = take_character(&t);
	bool fits, negated = false;

	if (*p.at == '?') {
		p.at++;
		fits = true;
	} else {
		struct span set = {NULL, NULL};

		if (*p.at == '[')
			set = take_set(&p, &negated);
		if (set.at)
			fits = set_has(set, character) != negated;
		else
			fits = take_character(&p) == character;
	}
	if (fits) {
		*pattern = p;
		*text = t;
	}
	return fits;
}

bool pmt_glob_match(const char *pattern_text, const char *text_bytes, size_t size)
{
	struct span pattern = {pattern_text, pattern_text + strlen(pattern_text)};
	struct span text = {text_bytes, text_bytes + size};
	struct span star = {NULL, NULL}; /* the pattern behind the last star */
	struct span retry = text;        /* the text that this star has not taken yet */

	while (text.at < text.end) {
		if (pattern.at < pattern.end && *pattern.at == '*') {
			pattern.at++;
			star = pattern;
			retry = text;
		} else if (pattern.at < pattern.end && match_one(&pattern, &text)) {
			continue;
		} else if (star.at) {
			(void)take_character(&retry);
			pattern = star;
			text = retry;
		} else {
			return false;
		}
	}
	while (pattern.at < pattern.end && *pattern.at == '*')
		pattern.at++;
	return pattern.at == pattern.end;
}
