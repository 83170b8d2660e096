/*
 * Memory of the tracer's own: whole pages, resident from the first moment and counted
 * here, so that the program's account of its resident set is without them. A page of ours
 * that became resident later would be charged to the function that runs then.
 */
#ifndef PMT_TRACER_RSS_OWN_MEMORY_H
#define PMT_TRACER_RSS_OWN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a forked child finds there. */
enum pmt_own_kind {
	PMT_OWN_INHERITED, /* a copy */
	PMT_OWN_WIPED,     /* zeros, resident again once tracing begins there */
	PMT_OWN_ABSENT,    /* no mapping */
};

/* Private, zeroed pages; NULL when they are refused. Any thread, no lock, no malloc. */
void *pmt_own_map(size_t size, enum pmt_own_kind kind);

/* Gives pages of pmt_own_map back, but not PMT_OWN_WIPED ones. */
void pmt_own_unmap(void *at, size_t size);

/* Of a file in which the range is reserved; absent in a child. NULL as above. */
void *pmt_own_map_shared(int fd, uint64_t from, size_t size);

/* Makes pages that we mapped ourselves, and touched nowhere yet, resident. They may be in
 * use by other threads meanwhile. */
void pmt_own_populate(void *at, size_t size);

/* Populates the pages now, and again where a fork wiped them. */
void pmt_own_populate_wiped(void *at, size_t size);

/* Code and data of this library, which are not counted: whose a page of a file is no
 * figure tells. Before the account begins. */
void pmt_own_populate_library(void);

/* In a child: counts from 0, with what is wiped there resident again. */
void pmt_own_after_fork(void);

/* Pages resident by the above. */
uint64_t pmt_own_pages(void);

/*
 * A look at the resident set and at pmt_own_pages must find both before or both after a
 * change: begin gives a version, and what was read since is good when settled says so.
 * Waits a moment for a change under way; at most for some milliseconds.
 */
uint32_t pmt_own_look_begin(void);
bool pmt_own_look_settled(uint32_t version);

#endif
