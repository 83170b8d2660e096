/*
 * mapped_bytes and file_mapped_bytes: address space that the program maps itself. What
 * malloc and the loader map does not pass here: libc makes those calls inside.
 *
 * The rules, short of asking the kernel for every range:
 * - sizes are rounded up to pages; a mapping counts whole, touched or not, reserved
 *   (PROT_NONE) or not;
 * - file mappings are remembered in a small table. munmap and mremap take what lies in
 *   one of them from file_mapped_bytes and all the rest of the range from mapped_bytes,
 *   even where nothing was mapped or where it was not counted when it was mapped (before
 *   tracing began, or in the parent before a fork): these sums can go below zero;
 * - with MAP_FIXED the range counts as unmapped first: it usually replaces a reservation;
 * - when the table is full, further file mappings count as anonymous from begin to end.
 */
#ifndef PMT_TRACER_COUNTERS_MAPPINGS_H
#define PMT_TRACER_COUNTERS_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "thread.h"

enum { PMT_FILE_MAPPINGS_MAX = 512 };

/* How much of a range was a file mapping: taken before the call that unmaps it (after,
 * another thread may have a new mapping there), then counted, or put back if it failed.
 */
struct pmt_unmapping {
	const void *at;
	size_t size;
	size_t file_bytes;
};

struct pmt_unmapping pmt_mappings_take(const void *at, size_t size);
void pmt_mappings_put_back(const struct pmt_unmapping *u);
void pmt_mappings_count_unmapped_self(struct pmt_thread *t,
				      const struct pmt_unmapping *u);

/* A new mapping. */
void pmt_mappings_count_mapped_self(struct pmt_thread *t, const void *at, size_t size,
				    bool is_file);

/* Whether at lies in a remembered file mapping. */
bool pmt_mappings_is_file(const void *at);

#endif
