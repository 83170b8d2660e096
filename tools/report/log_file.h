/*
 * A log of the original's on the disk. Its lines gather in memory and the file is open
 * only while they are appended: a program may have more threads than we may have open
 * files.
 */
#ifndef PMT_REPORT_LOG_FILE_H
#define PMT_REPORT_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum { PMT_LOG_FAULT_PATH_BYTES = 1024 };

/* The first thing that went wrong, of all files; all zero: nothing. */
struct pmt_log_fault {
	int error; /* errno of a write; ENOMEM */
	char path[PMT_LOG_FAULT_PATH_BYTES];
};

void pmt_log_fault_note(struct pmt_log_fault *fault, const char *path, int error);

struct pmt_log_file {
	char *path;
	char *gathered;
	size_t gathered_bytes;
	bool on_disk; /* it has been begun */
};

/* Takes the path, one of malloc's. 0 or -ENOMEM, which leaves it with the caller. */
int pmt_log_file_init(struct pmt_log_file *file, char *path) PMT_MUST_CHECK;

/* A line: its first word, and the rest. */
void pmt_log_file_add(struct pmt_log_file *file, struct pmt_log_fault *fault,
		      const char *word, const char *rest);

/* What is gathered goes to the disk. */
void pmt_log_file_flush(struct pmt_log_file *file, struct pmt_log_fault *fault);

/* Frees what it owns; what is still gathered is lost. */
void pmt_log_file_close(struct pmt_log_file *file);

#endif
