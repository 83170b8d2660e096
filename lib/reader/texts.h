/* Texts kept once each, for as long as their owner lives: names, files, keys. */
#ifndef PMT_READER_TEXTS_H
#define PMT_READER_TEXTS_H

#include <stddef.h>

#include "base/attr.h"
#include "format/payload.h"

struct pmt_texts {
	char **slots; /* open addressing; NULL is free */
	size_t count;
	size_t room; /* a power of two, or 0 */
};

/* The one NUL-terminated copy of text (cut at a NUL inside it); NULL: no memory. Begin
 * with a zeroed struct. */
const char *pmt_texts_keep(struct pmt_texts *texts, struct pmt_text text) PMT_MUST_CHECK;
void pmt_texts_close(struct pmt_texts *texts);

#endif
