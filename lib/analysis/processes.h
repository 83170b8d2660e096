/*
 * The processes of a run: traces beside the given one with the same run id. Of each only
 * stream 0 is read (samples, facts, the end), so a folder of large traces is quick.
 */
#ifndef PMT_ANALYSIS_PROCESSES_H
#define PMT_ANALYSIS_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/format.h"
#include "reader/trace.h"

struct pmt_process {
	const char *path; /* owned by the processes, as the other texts */
	const char *command;
	const char *exe;
	const char *python_version; /* NULL when unknown */
	const char *mode;
	uint32_t pid;
	uint32_t generation; /* exec chain */
	uint32_t parent_pid; /* 0: unknown */
	bool is_this;        /* the given trace */
	bool ended;
	bool running;
	enum pmt_end how;
	int64_t status;
	uint64_t damaged_count; /* places */
	bool has_samples;
	uint64_t peak_rss_bytes; /* the kernel's high-water mark in the last sample */
	uint64_t last_rss_bytes;
	int64_t peak_heap_bytes; /* highest of the samples */
	bool start_known;
	uint64_t start_ns; /* realtime, since 1970 */
	uint64_t duration_ns;
	uint64_t event_count; /* by the end record; 0 when unknown */
	/* Set by the tree order: index of the parent or PMT_PROCESS_NONE; how deep. */
	uint32_t parent;
	uint32_t depth;
};

#define PMT_PROCESS_NONE UINT32_MAX

struct pmt_processes {
	struct pmt_process *items; /* parents before their children, by start */
	uint32_t count;
	uint32_t unreadable_count; /* files of the run that could not be read */
};

/* All processes of the run of the trace at path. 0 or -ENOMEM; close it in the end. A
 * folder that cannot be listed gives the one process. */
int pmt_processes_find(const char *path,
		       struct pmt_processes *ret_processes) PMT_MUST_CHECK;
void pmt_processes_close(struct pmt_processes *processes);

/* A command line without the folder of its first word: "python3.13 app.py". */
const char *pmt_process_short_command(const char *command);

#endif
