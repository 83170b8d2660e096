/* What pymemtrace-run says when the program has ended: where the trace is, whether it is
 * whole, and how to read it; or why there is none. */
#ifndef PMT_RUN_OUTCOME_H
#define PMT_RUN_OUTCOME_H

#include <stdint.h>

#include "format/format.h"

struct pmt_outcome {
	const char *program; /* as it was called */
	const char *out;     /* absolute, %p not replaced */
	const uint8_t *run_id;
	uint32_t pid;
	int status; /* as wait(2) gives it */
};

/* Tells it on stderr. */
void pmt_outcome_tell(const struct pmt_outcome *outcome);

#endif
