/*
 * Fuzz target: the bytes of a ring file, beside a small trace of the same process. The
 * header's magic, run and sizes are set right when the last byte is odd, so that the
 * slots are reached.
 */
#include "fuzz/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "format/ring_layout.h"
#include "fuzz/memory_file.h"
#include "reader/trace.h"
#include "tests/support/trace_writer.h"

static void mend_header(uint8_t *bytes, size_t size, const struct pmt_file_header *file)
{
	struct pmt_ring_header h;

	if (size < sizeof(h))
		return;
	memcpy(&h, bytes, sizeof(h));
	memcpy(h.magic, PMT_RING_MAGIC, sizeof(h.magic));
	h.version = PMT_RING_VERSION;
	h.slot_control_bytes = PMT_RING_CONTROL_BYTES;
	h.slot_data_bytes = 64u << (h.slot_data_bytes & 7);
	h.file = *file;
	h.closed = 0;
	memcpy(bytes, &h, sizeof(h));
}

/* A trace with the first records of stream 1. */
static struct fuzz_file make_trace(const struct pmt_file_header *h)
{
	struct test_bytes trace = {NULL, 0, 0}, s1 = {NULL, 0, 0};

	test_put_checkpoint(&s1, 1000, 0, 0);
	test_put_enter(&s1, PMT_OP_START, 1, 2, NULL);
	test_add_header(&trace, h);
	test_add_stream(&trace, 1, &s1, PMT_CODEC_NONE);
	struct fuzz_file file = fuzz_file_make(trace.bytes, trace.size);
	test_bytes_close(&trace);
	test_bytes_close(&s1);
	return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pmt_file_header h = test_file_header();
	struct fuzz_file trace_file = make_trace(&h);
	struct pmt_problem problem;
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	if (size && (data[size - 1] & 1))
		mend_header(bytes, size, &h);
	struct fuzz_file ring_file = fuzz_file_make(bytes, size);
	struct pmt_trace_options options = {.ring_path = ring_file.path};
	struct pmt_trace *trace = pmt_trace_open(trace_file.path, &options, &problem);
	if (!trace)
		abort(); /* a bad ring is no reason not to read the trace */
	fuzz_read_all(trace);
	pmt_trace_close(trace);
	fuzz_file_close(&ring_file);
	fuzz_file_close(&trace_file);
	free(bytes);
	return 0;
}
