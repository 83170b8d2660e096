/* Sealing traces; see seal.h. */
#include "fuzz/seal.h"

#include <string.h>

#include "base/crc32c.h"
#include "format/format.h"

static void seal_header(uint8_t *bytes, size_t size)
{
	struct pmt_file_header h;

	if (size < sizeof(h))
		return;
	memcpy(&h, bytes, sizeof(h));
	h.crc = pmt_crc32c(0, &h, sizeof(h) - sizeof(h.crc));
	memcpy(bytes, &h, sizeof(h));
}

/* Each chunk that begins where the one before it ends. */
static void seal_chunks(uint8_t *bytes, size_t size)
{
	struct pmt_chunk_header h;
	size_t at = sizeof(struct pmt_file_header);

	while (size > at && size - at > sizeof(h)) {
		memcpy(&h, bytes + at, sizeof(h));
		size_t left = size - at - sizeof(h);
		if (h.magic != PMT_CHUNK_MAGIC)
			return;
		if (h.stored_bytes > left)
			h.stored_bytes = (uint32_t)left;
		h.payload_crc = pmt_crc32c(0, bytes + at + sizeof(h), h.stored_bytes);
		h.header_crc = pmt_crc32c(0, &h, sizeof(h) - sizeof(h.header_crc));
		memcpy(bytes + at, &h, sizeof(h));
		at += sizeof(h) + h.stored_bytes;
	}
}

void fuzz_seal(uint8_t *bytes, size_t size)
{
	seal_header(bytes, size);
	seal_chunks(bytes, size);
}
