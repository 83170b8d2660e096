/*
 * Fuzz target: the bytes of a trace file. Checksums would keep a fuzzer out of
 * everything behind them, so when the last byte is odd they are made right first.
 */
#include "fuzz/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "format/format.h"
#include "fuzz/memory_file.h"
#include "reader/trace.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pmt_trace_options options = {.no_ring = true};
	struct pmt_problem problem;
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return 0;
	pmt_crc32c_init();
	memcpy(bytes, data, size);
	if (size && (data[size - 1] & 1)) {
		seal_header(bytes, size);
		seal_chunks(bytes, size);
	}
	struct fuzz_file file = fuzz_file_make(bytes, size);
	struct pmt_trace *trace = pmt_trace_open(file.path, &options, &problem);
	if (trace)
		fuzz_read_all(trace);
	else if (problem.kind == PMT_PROBLEM_NONE || !problem.text[0])
		abort();
	pmt_trace_close(trace);
	fuzz_file_close(&file);
	free(bytes);
	return 0;
}
