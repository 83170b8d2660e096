/* What pymemtrace-run does when the program has ended: saves what a kill left in memory,
 * and says where the trace is, whether it is whole, and how to read it; or why there is
 * none. */
#ifndef PMT_RUN_OUTCOME_H
#define PMT_RUN_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "format/format.h"

struct pmt_outcome {
	const char *program; /* as it was called */
	const char *out;     /* absolute, %p not replaced */
	const uint8_t *run_id;
	uint32_t pid;
	int status; /* as wait(2) gives it */
	bool quiet;
};

/* On stderr, unless quiet. */
void pmt_outcome_finish(const struct pmt_outcome *outcome);

#endif
