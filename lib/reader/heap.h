/* A binary heap of readers by time, for the merge: the earliest first, and among equal
 * times the lowest stream. Its room is fixed when it is made. */
#ifndef PMT_READER_HEAP_H
#define PMT_READER_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct pmt_heap_key {
	uint64_t tick;
	uint32_t stream;
	void *item; /* borrowed */
};

struct pmt_heap {
	struct pmt_heap_key *keys;
	size_t count;
};

/* room: the most keys it will hold at once. 0 or -ENOMEM. */
int pmt_heap_init(struct pmt_heap *heap, size_t room) PMT_MUST_CHECK;
void pmt_heap_close(struct pmt_heap *heap);

void pmt_heap_push(struct pmt_heap *heap, struct pmt_heap_key key);

/* The smallest key, left there or taken out. False when empty. */
bool pmt_heap_min(const struct pmt_heap *heap, struct pmt_heap_key *ret_key);
bool pmt_heap_pop(struct pmt_heap *heap, struct pmt_heap_key *ret_key);

static inline bool pmt_heap_before(const struct pmt_heap_key *a,
				   const struct pmt_heap_key *b)
{
	return a->tick < b->tick || (a->tick == b->tick && a->stream < b->stream);
}

#endif
