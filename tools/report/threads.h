/* Threads in the order of what they allocated, and their names in text. */
#ifndef PMT_REPORT_THREADS_H
#define PMT_REPORT_THREADS_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "base/attr.h"

/* Indexes into the model's streams, the process's own stream left out unless it has
 * figures; freed by the caller. 0 or -ENOMEM. */
int pmt_threads_order(const struct pmt_analysis *a, uint32_t **ret_order,
		      uint32_t *ret_count) PMT_MUST_CHECK;

/* "1 MainThread (4242)", "2 (4243)". Returns text. */
const char *pmt_threads_name(const struct pmt_analysis *a,
			     const struct pmt_stream_state *stream, char *text,
			     size_t size);

#endif
