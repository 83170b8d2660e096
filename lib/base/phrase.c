/* Bounded text building for messages of the tracer; see phrase.h. */
#include "base/phrase.h"

#include <string.h>

#include "base/units.h"

enum { QUOTED_BYTES_MAX = 60 };

void pmt_phrase_init(struct pmt_phrase *phrase, char *buffer, size_t size)
{
	phrase->text = buffer;
	phrase->size = size;
	phrase->length = 0;
	phrase->cut = false;
	buffer[0] = 0;
}

void pmt_phrase_put_bytes(struct pmt_phrase *phrase, const char *bytes, size_t size)
{
	size_t room = phrase->size - 1 - phrase->length;

	if (size > room) {
		size = room;
		phrase->cut = true;
	}
	memcpy(phrase->text + phrase->length, bytes, size);
	phrase->length += size;
	phrase->text[phrase->length] = 0;
}

void pmt_phrase_put(struct pmt_phrase *phrase, const char *text)
{
	pmt_phrase_put_bytes(phrase, text, strlen(text));
}

void pmt_phrase_put_count(struct pmt_phrase *phrase, uint64_t value)
{
	char digits[PMT_UNITS_TEXT_BYTES];
	size_t size = pmt_units_format_count(value, digits);

	pmt_phrase_put_bytes(phrase, digits, size);
}

void pmt_phrase_put_quoted(struct pmt_phrase *phrase, const char *bytes, size_t size)
{
	size_t shown = size;

	if (shown > QUOTED_BYTES_MAX) {
		shown = QUOTED_BYTES_MAX;
		/* Not in the middle of a UTF-8 character. */
		while (shown > 0 && ((unsigned char)bytes[shown] & 0xc0) == 0x80)
			shown--;
	}
	pmt_phrase_put(phrase, "\"");
	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)bytes[i];
		bool is_control = c < 0x20 || c == 0x7f;

		pmt_phrase_put_bytes(phrase, is_control ? "?" : &bytes[i], 1);
	}
	pmt_phrase_put(phrase, shown < size ? "...\"" : "\"");
}
