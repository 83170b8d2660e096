/*
 * Building short texts without malloc, stdio or locale: for paths, messages and the
 * little numbers in them. A buffer that is full stays terminated and cut.
 */
#ifndef PMT_TRACER_OS_TEXT_H
#define PMT_TRACER_OS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmt_text_buffer {
	char *bytes;
	size_t size;
	size_t used; /* without the terminating 0 */
	bool cut;
};

void pmt_text_begin(struct pmt_text_buffer *text, char *bytes, size_t size);
void pmt_text_put(struct pmt_text_buffer *text, const char *string);
void pmt_text_put_bytes(struct pmt_text_buffer *text, const char *bytes, size_t size);
void pmt_text_put_u64(struct pmt_text_buffer *text, uint64_t value);
void pmt_text_put_hex(struct pmt_text_buffer *text, const uint8_t *bytes, size_t size);

/* Copies a string, cut to size - 1; returns false when it was cut. */
bool pmt_text_copy(char *to, size_t size, const char *from);

/* Reads a decimal number at *p and moves *p behind it; 0 where there is none. */
uint64_t pmt_text_get_u64(const char **p);

#endif
