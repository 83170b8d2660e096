/*
 * A window into the tracer's counters, for tests of the wrappers in programs that are not
 * Python. It is exported by libpmtprobe.so, which is the preload library's wrappers and
 * core and nothing that attaches or writes; without it the functions are NULL.
 */
#ifndef PMT_TESTS_SUPPORT_PROBE_H
#define PMT_TESTS_SUPPORT_PROBE_H

#include <stdint.h>

/* Counted by anybody since begin: the tracer, or an independent counter. */
struct counted {
	uint64_t allocated_bytes;
	uint64_t allocated_count;
	uint64_t freed_bytes;
	uint64_t freed_count;
	int64_t mapped_bytes;
	int64_t file_mapped_bytes;
};

/* The tracer: begins to count; what all threads counted; hints of the calling thread;
 * whether sizes are read from glibc's chunk headers. */
void probe_begin(void) __attribute__((weak));
void probe_read(struct counted *ret_counted) __attribute__((weak));
uint64_t probe_rss_hints(void) __attribute__((weak));
int probe_reads_headers(void) __attribute__((weak));

/* Begins the account of the resident set with the calling thread as its only reader;
 * enum pmt_rss_method that this machine gave. */
unsigned probe_rss_begin(void) __attribute__((weak));

/* As at an event: reads statm only if the thread's trigger moved. Pages as accounted. */
uint64_t probe_rss_pages(void) __attribute__((weak));

/* The independent counter, libcountpreload.so. */
void count_begin(void) __attribute__((weak));
void count_read(struct counted *ret_counted) __attribute__((weak));
int count_call(void *function, uint64_t *ret_counts) __attribute__((weak));

#endif
