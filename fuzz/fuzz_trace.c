/*
 * Fuzz target: the bytes of a trace file. Checksums would keep a fuzzer out of
 * everything behind them, so when the last byte is odd they are made right first.
 */
#include "fuzz/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "fuzz/memory_file.h"
#include "fuzz/seal.h"
#include "reader/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pmt_trace_options options = {.no_ring = true};
	struct pmt_problem problem;
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return 0;
	pmt_crc32c_init();
	memcpy(bytes, data, size);
	if (size && (data[size - 1] & 1))
		fuzz_seal(bytes, size);
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
