/*
 * Who this process is in its run: the run's id, the path of the trace as the user meant
 * it, the traced ancestor. Kept in plain memory, so that a forked child still knows it,
 * and handed to exec'ed children in PYMEMTRACE_RUN=<run id>:<pid>:<path>.
 */
#ifndef PMT_TRACER_RUN_IDENTITY_H
#define PMT_TRACER_RUN_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/options.h"
#include "format/ring_layout.h"

#define PMT_RUN_VARIABLE "PYMEMTRACE_RUN"

struct pmt_identity {
	uint8_t run_id[PMT_RUN_ID_BYTES];
	pid_t first_pid;  /* that ran our constructor: not a forked child */
	pid_t parent_pid; /* nearest traced ancestor in this run, 0: none */
	bool has_traced;  /* this process or one that it was forked from has a trace */
	char parent_path[PMT_RING_PATH_BYTES]; /* its out=, expanded and absolute */
	char directory[PMT_RING_PATH_BYTES];   /* current one when the program began */
};

extern struct pmt_identity pmt_identity;

/* From the constructor: reads PYMEMTRACE_RUN or makes a new run id, remembers the
 * directory. is_python: this process will have a trace of its own to be a parent by. */
void pmt_identity_init(const struct pmt_options *options, int is_python);

/* A process begins its trace: in a forked child the ancestor is the process it came
 * from; from here on our own children find us. */
void pmt_identity_adopt(pid_t pid);

/* "PYMEMTRACE_RUN=..." as our children are to find it, for the life of the process; NULL:
 * tracing is off, or nothing could be said. No system call, no lock. */
const char *pmt_identity_variable(void);

/* out= with %p replaced, made absolute. 0 or -ENAMETOOLONG. */
int pmt_identity_trace_path(const struct pmt_options *options, uint32_t pid, char *path,
			    size_t size);

#endif
