/* Words of a scene's statement; see scene_words.h. */
#include "support/scene_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void scene_words_fail(const struct scene_words *w, const char *what)
{
	fprintf(stderr, "scene line %u: %s: %s\n", w->line_number, what, w->rest);
	exit(99);
}

unsigned scene_words_split(struct scene_words *w, const char *line, size_t size,
			   unsigned line_number)
{
	char *rest = NULL;

	w->line_number = line_number;
	w->count = 0;
	if (size >= SCENE_LINE_BYTES)
		size = SCENE_LINE_BYTES - 1;
	memcpy(w->rest, line, size);
	w->rest[size] = '\0';
	memcpy(w->text, w->rest, size + 1);
	for (char *word = strtok_r(w->text, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (word[0] == '#' || w->count == SCENE_WORDS_MAX)
			break;
		w->words[w->count++] = word;
	}
	return w->count;
}

int64_t scene_words_number(const struct scene_words *w, const char *word)
{
	static const struct {
		const char *unit;
		int64_t factor;
	} units[] = {
	    {"", 1},      {"K", 1 << 10},  {"M", 1 << 20},    {"G", 1 << 30},
	    {"us", 1000}, {"ms", 1000000}, {"s", 1000000000},
	};
	char *end;
	long long value = strtoll(word, &end, 10);

	for (size_t i = 0; end != word && i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i].unit) == 0)
			return value * units[i].factor;
	}
	scene_words_fail(w, "no number");
}

uint64_t scene_words_at(const struct scene_words *w, unsigned i)
{
	if (i >= w->count)
		scene_words_fail(w, "a number is missing");
	return (uint64_t)scene_words_number(w, w->words[i]);
}

const char *scene_words_behind(const struct scene_words *w, unsigned i)
{
	if (i + 1 >= w->count)
		return "";
	return w->rest + (w->words[i + 1] - w->text);
}

char *scene_words_unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		unsigned byte;

		if (sscanf(at, "\\x%2x", &byte) == 1) {
			*to = (char)byte;
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
	return text;
}

const char *scene_words_value(const struct scene_words *w, const char *key)
{
	size_t size = strlen(key);

	for (unsigned i = 1; i < w->count; i++) {
		if (strncmp(w->words[i], key, size) == 0 && w->words[i][size] == '=')
			return w->words[i] + size + 1;
	}
	return NULL;
}

int64_t scene_words_value_number(const struct scene_words *w, const char *key,
				 int64_t otherwise)
{
	const char *value = scene_words_value(w, key);

	return value ? scene_words_number(w, value) : otherwise;
}

int scene_words_has(const struct scene_words *w, const char *word)
{
	for (unsigned i = 1; i < w->count; i++) {
		if (strcmp(w->words[i], word) == 0)
			return 1;
	}
	return 0;
}

uint64_t scene_words_ticks(const struct scene_words *w)
{
	for (unsigned i = 1; i < w->count; i++) {
		if (w->words[i][0] == '+')
			return (uint64_t)scene_words_number(w, w->words[i] + 1);
	}
	return 0;
}

/* "BYTES/COUNT"; COUNT is 1 when left out. */
static void get_pair(const struct scene_words *w, const char *key, uint64_t *bytes,
		     uint64_t *count)
{
	const char *value = scene_words_value(w, key);
	char text[64];

	if (!value)
		return;
	snprintf(text, sizeof(text), "%s", value);
	char *slash = strchr(text, '/');
	*count = 1;
	if (slash) {
		*slash = '\0';
		*count = (uint64_t)scene_words_number(w, slash + 1);
	}
	*bytes = (uint64_t)scene_words_number(w, text);
}

struct pmt_deltas scene_words_deltas(const struct scene_words *w)
{
	struct pmt_deltas d = {
	    .rss_pages = scene_words_value_number(w, "rss", 0),
	    .mapped_bytes = scene_words_value_number(w, "map", 0),
	    .file_mapped_bytes = scene_words_value_number(w, "fmap", 0),
	};

	get_pair(w, "alloc", &d.allocated_bytes, &d.allocated_count);
	get_pair(w, "free", &d.freed_bytes, &d.freed_count);
	get_pair(w, "obj", &d.object_bytes, &d.object_count);
	return d;
}
