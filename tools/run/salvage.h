/* After the program: each trace as it ended, made whole where a kill left a ring behind.
 */
#ifndef PMT_RUN_SALVAGE_H
#define PMT_RUN_SALVAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "reader/problem.h"

struct pmt_salvaged {
	bool is_readable; /* else problem says why, and the rest is empty */
	bool has_end;
	bool still_runs;
	bool is_damaged;
	uint64_t event_count; /* known with an end */
	uint64_t file_bytes;
	uint64_t ring_bytes; /* that came from the ring of a killed process */
	struct pmt_problem problem;
};

/*
 * Opens the trace; when its process is dead and left a ring, folds that into the file and
 * removes it: rings are memory. signal, what killed the process (0: unknown, or nothing
 * did), becomes the trace's end when it has none.
 */
void pmt_salvage(const char *path, int signal, struct pmt_salvaged *ret_salvaged);

#endif
