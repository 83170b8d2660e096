/*
 * What went wrong with a trace: file, byte offset, what was expected there. The reader
 * never prints; the first problem of a trace is kept and the tools say it.
 */
#ifndef PMT_READER_PROBLEM_H
#define PMT_READER_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum pmt_problem_kind {
	PMT_PROBLEM_NONE = 0,
	PMT_PROBLEM_IO,          /* open, read or write failed: error_number */
	PMT_PROBLEM_MEMORY,      /* out of memory */
	PMT_PROBLEM_NOT_A_FILE,  /* a directory, device, pipe or socket */
	PMT_PROBLEM_EMPTY,       /* no bytes at all */
	PMT_PROBLEM_NOT_A_TRACE, /* begins with something else */
	PMT_PROBLEM_NEWER,       /* a format version this reader does not know */
	PMT_PROBLEM_CUT,         /* the file ends inside a header or a chunk */
	PMT_PROBLEM_DAMAGED,     /* a checksum or a field is wrong */
	PMT_PROBLEM_FOREIGN,     /* the ring belongs to another run */
};

enum { PMT_PROBLEM_TEXT_BYTES = 200, PMT_PROBLEM_PATH_BYTES = 512 };

struct pmt_problem {
	enum pmt_problem_kind kind;
	int error_number; /* errno of an IO problem, else 0 */
	uint64_t offset;  /* in the file, where the bad bytes begin */
	uint64_t bytes;   /* passed over in the file because of it; 0 if unknown */
	char path[PMT_PROBLEM_PATH_BYTES]; /* its end, when it is longer */
	char text[PMT_PROBLEM_TEXT_BYTES]; /* what was expected, and what was found */
};

/* Fills p, whatever it held. */
void pmt_problem_set(struct pmt_problem *p, enum pmt_problem_kind kind, const char *path,
		     uint64_t offset, const char *format, ...) PMT_PRINTF(5, 6);

/* The same for a failed system call: text is "what: strerror". */
void pmt_problem_set_errno(struct pmt_problem *p, const char *path, uint64_t offset,
			   const char *what, int error_number);

/* "path: byte 64: text" into buffer, cut to size; returns buffer. */
const char *pmt_problem_describe(const struct pmt_problem *p, char *buffer, size_t size);

#endif
