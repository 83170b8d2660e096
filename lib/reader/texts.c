/* A set of strings; see texts.h. */
#include "reader/texts.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

/* FNV-1a. */
static size_t hash(const char *bytes, size_t size)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < size; i++)
		h = (h ^ (uint8_t)bytes[i]) * 0x100000001b3u;
	return (size_t)(h ^ (h >> 29));
}

static bool same(const char *kept, const char *bytes, size_t size)
{
	return strncmp(kept, bytes, size) == 0 && kept[size] == '\0';
}

static char **find_slot(char **slots, size_t room, const char *bytes, size_t size)
{
	size_t i = hash(bytes, size) & (room - 1);

	while (slots[i] && !same(slots[i], bytes, size))
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static bool grow(struct pmt_texts *texts)
{
	size_t room = texts->room ? texts->room * 2 : FIRST_ROOM;
	char **slots = calloc(room, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < texts->room; i++) {
		char *kept = texts->slots[i];
		if (kept)
			*find_slot(slots, room, kept, strlen(kept)) = kept;
	}
	free(texts->slots);
	texts->slots = slots;
	texts->room = room;
	return true;
}

const char *pmt_texts_keep(struct pmt_texts *texts, struct pmt_text text)
{
	size_t size = strnlen(text.bytes, text.size);

	if (texts->count * 4 >= texts->room * 3 && !grow(texts))
		return NULL;
	char **slot = find_slot(texts->slots, texts->room, text.bytes, size);
	if (!*slot) {
		*slot = strndup(text.bytes, size);
		if (!*slot)
			return NULL;
		texts->count++;
	}
	return *slot;
}

void pmt_texts_close(struct pmt_texts *texts)
{
	for (size_t i = 0; i < texts->room; i++)
		free(texts->slots[i]);
	free(texts->slots);
	*texts = (struct pmt_texts){NULL, 0, 0};
}
