/*
 * What /proc says of a process, read without malloc or stdio through a buffer on the
 * stack. Values the kernel does not give are 0.
 */
#ifndef PMT_TRACER_OS_PROCESS_STAT_H
#define PMT_TRACER_OS_PROCESS_STAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pmt_process_stat {
	char state; /* R, S, Z... */
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t user_ticks; /* of sysconf(_SC_CLK_TCK) */
	uint64_t system_ticks;
	uint64_t thread_count;
	uint64_t start; /* clock ticks since boot: with the pid, who a process is */
	uint64_t vms_bytes;
	uint64_t rss_pages;
};

/* False when there is no such process or /proc is not there. pid 0: the caller's. */
bool pmt_process_stat_read(pid_t pid, struct pmt_process_stat *ret_stat);

/* Peak resident set (VmHWM) of the calling process in bytes, 0 if unknown. */
uint64_t pmt_process_rss_peak_bytes(void);

/* Reads a small file whole into text, terminated; its length, or a negative errno. */
ssize_t pmt_process_read_file(const char *path, char *text, size_t size);

#endif
