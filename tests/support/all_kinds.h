/*
 * One small story that uses every kind of record: what the spike test sends through ring,
 * chunks and file, and what the golden trace holds.
 */
#ifndef PMT_TESTS_SUPPORT_ALL_KINDS_H
#define PMT_TESTS_SUPPORT_ALL_KINDS_H

#include <stddef.h>
#include <stdint.h>

#include "format/record.h"

struct told_record {
	uint32_t stream;
	struct pmt_record record;
	uint64_t tick;    /* absolute, after it */
	uint64_t address; /* of ALLOC, FREE, FAULT */
};

/* The story, made once; *ret_count records of streams 0, 1 and 2, each in its order. */
const struct told_record *test_all_kinds(size_t *ret_count);

#endif
