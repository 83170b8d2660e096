/* A progress bar on stderr for long reads: only on a terminal, only when it takes more
 * than a moment, and gone when it is done. */
#ifndef PMT_CLI_PROGRESS_H
#define PMT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct pmt_progress {
	const char *what; /* "reading trace.bin" */
	bool on_terminal;
	bool shown;
	unsigned percent; /* drawn last */
	uint64_t begun_ns;
};

void pmt_progress_begin(struct pmt_progress *progress, const char *what);

/* A pmt_progress_fn: context is the struct pmt_progress. */
void pmt_progress_show(void *progress, uint64_t done, uint64_t total);

/* Takes the bar away. */
void pmt_progress_end(struct pmt_progress *progress);

#endif
