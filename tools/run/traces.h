/* The traces that a run left: found by the name that was asked for and the run's id. */
#ifndef PMT_RUN_TRACES_H
#define PMT_RUN_TRACES_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/format.h"

struct pmt_found_trace {
	char *path;
	uint64_t bytes;
	struct pmt_file_header header;
};

struct pmt_traces {
	struct pmt_found_trace *at; /* oldest process first */
	size_t count;
};

/*
 * Looks in the folder of out (where %p may stand for any process id, and in a folder's
 * name for pid) for out, out.PID and out.PID.N that are traces of this run. Files of
 * another run or kind are passed over, and those of processes that began before
 * not_before (clock ticks since boot): within a run there may be a run. 0 or -ENOMEM; a
 * folder that cannot be read holds none. pmt_traces_close in any case.
 */
int pmt_traces_find(struct pmt_traces *traces, const char *out,
		    const uint8_t run_id[PMT_RUN_ID_BYTES], uint32_t pid,
		    uint64_t not_before) PMT_MUST_CHECK;

void pmt_traces_close(struct pmt_traces *traces);

#endif
