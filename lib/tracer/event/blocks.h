/*
 * Single allocations and frees as records (mode=allocs). On the thread that makes them,
 * from within malloc: no lock of ours is waited for but the ring's own limits, errno is
 * kept, no Python is called and no thread started.
 *
 * Budget of a pair, beside the walk over the Python frames: some 15 ns.
 */
#ifndef PMT_TRACER_EVENT_BLOCKS_H
#define PMT_TRACER_EVENT_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/payload_blocks.h"
#include "live/live.h"
#include "thread.h"

/*
 * Nonzero while blocks are recorded. Written at the attachment, before threads in nearly
 * all programs; wrappers read it plainly. What the wrappers of malloc test instead, so
 * that counting costs them nothing more, is pmt_glibc_fast (interpose/glibc_heap.h).
 */
extern PMT_HIDDEN uint32_t pmt_blocks_on;
void pmt_blocks_start(void);

/* Opens the calling thread's stream, says what was lost, writes a checkpoint when one is
 * due. False: no room, or no trace. emitter.busy and in_malloc are set. */
bool pmt_blocks_prepare_self(struct pmt_thread *t);

/* The end of the interpreter was looked for and said. */
extern PMT_HIDDEN uint32_t pmt_blocks_end_is_said;
void pmt_blocks_say_end(struct pmt_thread *t);

/* p is a new block. usable_bytes 0: not known. False: there is no record of it. */
bool pmt_blocks_write_allocated_self(struct pmt_thread *t, const void *p,
				     size_t requested_bytes, size_t usable_bytes,
				     enum pmt_block_kind kind);
PMT_INLINE bool pmt_blocks_allocated_self(struct pmt_thread *t, const void *p,
					  size_t requested_bytes, size_t usable_bytes,
					  enum pmt_block_kind kind)
{
	if (PMT_LIKELY(!pmt_live_on) || PMT_UNLIKELY(t->emitter.ours))
		return pmt_blocks_write_allocated_self(t, p, requested_bytes,
						       usable_bytes, kind);
	pmt_live_allocated_self(t, p, usable_bytes ? usable_bytes : requested_bytes,
				kind);
	return true;
}

/* p is about to be given back: call it before, when nobody else can have the address yet.
 * bytes: of a part of a mapping; 0 the whole block. */
void pmt_blocks_write_freed_self(struct pmt_thread *t, const void *p, size_t bytes,
				 enum pmt_block_kind kind);
PMT_INLINE void pmt_blocks_freed_self(struct pmt_thread *t, const void *p, size_t bytes,
				      enum pmt_block_kind kind)
{
	if (PMT_LIKELY(!pmt_live_on) || PMT_UNLIKELY(t->emitter.ours))
		pmt_blocks_write_freed_self(t, p, bytes, kind);
	else
		pmt_live_freed_self(t, p, bytes, kind);
}

/* The reaper, for a thread that is gone; NULL is fine. */
void pmt_blocks_free_coding(struct pmt_block_coding *coding);

#endif
