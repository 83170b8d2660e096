/* Short texts for the tracer; see text.h. Async-signal-safe throughout. */
#include "os/text.h"

#include <string.h>

void pmt_text_begin(struct pmt_text_buffer *text, char *bytes, size_t size)
{
	text->bytes = bytes;
	text->size = size;
	text->used = 0;
	text->cut = false;
	bytes[0] = '\0';
}

void pmt_text_put_bytes(struct pmt_text_buffer *text, const char *bytes, size_t size)
{
	size_t room = text->size - 1 - text->used;

	if (size > room) {
		size = room;
		text->cut = true;
	}
	memcpy(text->bytes + text->used, bytes, size);
	text->used += size;
	text->bytes[text->used] = '\0';
}

void pmt_text_put(struct pmt_text_buffer *text, const char *string)
{
	pmt_text_put_bytes(text, string, strlen(string));
}

void pmt_text_put_u64(struct pmt_text_buffer *text, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	pmt_text_put_bytes(text, digits + at, sizeof(digits) - at);
}

void pmt_text_put_hex(struct pmt_text_buffer *text, const uint8_t *bytes, size_t size)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		char pair[2] = {digit[bytes[i] >> 4], digit[bytes[i] & 15]};
		pmt_text_put_bytes(text, pair, 2);
	}
}

bool pmt_text_copy(char *to, size_t size, const char *from)
{
	struct pmt_text_buffer text;

	pmt_text_begin(&text, to, size);
	pmt_text_put(&text, from);
	return !text.cut;
}

uint64_t pmt_text_get_u64(const char **p)
{
	uint64_t value = 0;

	while (**p >= '0' && **p <= '9')
		value = value * 10 + (uint64_t)(*(*p)++ - '0');
	return value;
}
