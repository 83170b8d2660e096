/*
 * Takes what the slots of a ring file hold into an unlinked temporary file and the
 * index. The process may still be running.
 */
#ifndef PMT_READER_RING_COPY_H
#define PMT_READER_RING_COPY_H

#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "format/ring_layout.h"
#include "reader/trace.h"

struct pmt_ring_copy {
	struct pmt_trace *trace;
	const char *path;
	int fd; /* of the ring file */
	uint64_t file_bytes;
	struct pmt_ring_header header; /* already judged */
	FILE *copy;
	uint64_t copied_bytes;
};

/* Copies all slots in use; sets trace->ring_copy_fd. 0 or a negative errno: then some
 * chunks may have been added in vain. */
int pmt_ring_copy_make(struct pmt_ring_copy *ring) PMT_MUST_CHECK;

/* Where slot i begins in the ring file. */
uint64_t pmt_ring_copy_slot_offset(const struct pmt_ring_copy *ring, uint32_t i);

/* Adds a problem about the ring file to the trace. */
void pmt_ring_copy_say(const struct pmt_ring_copy *ring, uint64_t offset,
		       const char *text);

#endif
