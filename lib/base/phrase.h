/*
 * A one-line message put together in the caller's buffer: what stands in for snprintf
 * where there is no stdio and no locale. Too long a text is cut, never overrun, and
 * always terminated.
 */
#ifndef PMT_BASE_PHRASE_H
#define PMT_BASE_PHRASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmt_phrase {
	char *text;
	size_t size; /* of the buffer, with the terminating 0; at least 1 */
	size_t length;
	bool cut; /* something did not fit */
};

/* Begins an empty text in buffer[0..size), size > 0. All are async-signal-safe. */
void pmt_phrase_init(struct pmt_phrase *phrase, char *buffer, size_t size);

void pmt_phrase_put(struct pmt_phrase *phrase, const char *text);
void pmt_phrase_put_bytes(struct pmt_phrase *phrase, const char *bytes, size_t size);
void pmt_phrase_put_count(struct pmt_phrase *phrase, uint64_t value);

/* Puts foreign text in double quotes: control characters become ?, and what is longer
 * than 60 bytes ends in "..."; a terminal or a log cannot be led astray by it. */
void pmt_phrase_put_quoted(struct pmt_phrase *phrase, const char *bytes, size_t size);

#endif
