/* One process of a run, from stream 0 of its trace. */
#ifndef PMT_ANALYSIS_PROCESS_FACTS_H
#define PMT_ANALYSIS_PROCESS_FACTS_H

#include "analysis/processes.h"
#include "base/attr.h"

/* Reads a trace's stream 0. 0 with *ret_process to be closed; -EBADMSG when it cannot be
 * read; -ENOMEM. parent, depth and is_this are left to the caller. */
int pmt_process_read(const char *path, struct pmt_process *ret_process) PMT_MUST_CHECK;
void pmt_process_close(struct pmt_process *process);

/* The file header of a trace. 0 or -EBADMSG. */
int pmt_process_read_header(const char *path,
			    struct pmt_file_header *ret_header) PMT_MUST_CHECK;

#endif
