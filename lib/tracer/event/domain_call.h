/*
 * A call of one of Python's allocator domains (mode=objects), as the allocators below it
 * see it. The domain may serve it from an arena, hand it on to malloc as it is, or ask
 * malloc for more and give out what lies behind a header of its own (debug hooks). So
 * that each memory is one block, what malloc gives and takes meanwhile waits until the
 * call returns: what its result lies in is the object, the rest are blocks of their own.
 *
 * On the thread that makes the call; one load where there is none.
 */
#ifndef PMT_TRACER_EVENT_DOMAIN_CALL_H
#define PMT_TRACER_EVENT_DOMAIN_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/payload_blocks.h"

struct pmt_thread;

/* How many blocks may wait; tracemalloc makes up to five of its own in a call. */
enum { PMT_DOMAIN_CALL_BLOCKS = 8 };

/* The most that headers of hooks may take before an object. */
enum { PMT_DOMAIN_HEADERS_BYTES_MAX = 128 };

struct pmt_waiting_block {
	const void *at;
	size_t requested_bytes;
	size_t usable_bytes;
	enum pmt_block_kind kind;
};

/* All zero outside of a call. Owner only. */
struct pmt_domain_call {
	uint32_t is_on;
	uint32_t waiting_count;
	const void *old; /* what the call gives back; NULL: nothing */
	struct pmt_waiting_block waiting[PMT_DOMAIN_CALL_BLOCKS];
};

/* In a call: malloc gave a block. */
void pmt_domain_call_got_self(struct pmt_thread *t,
			      const struct pmt_waiting_block *block);

/* In a call: malloc is about to take a block, which must not wait any more. */
void pmt_domain_call_gives_self(struct pmt_thread *t, const void *p);

/* Where blocks wait: behind the call, which gave p for so many bytes. Records those that
 * are not the object; returns the usable bytes of the one that is, 0: none is. */
size_t pmt_domain_call_settle_self(struct pmt_thread *t, const void *p,
				   size_t requested_bytes);

/* Whether malloc's block p is what the call gives back itself: no block of its own. */
PMT_INLINE bool pmt_domain_call_is_old(const struct pmt_domain_call *call, const void *p,
				       size_t usable_bytes)
{
	uintptr_t offset = (uintptr_t)call->old - (uintptr_t)p;

	return call->is_on && call->old && offset < usable_bytes &&
	       offset <= PMT_DOMAIN_HEADERS_BYTES_MAX;
}

#endif
