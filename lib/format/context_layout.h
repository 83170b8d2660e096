/*
 * Calling contexts as the tracer keeps them in the shared memory of the rings
 * (detail=tree): sums per call path, so that nothing of them dies with the process. A
 * slot in state PMT_SLOT_CONTEXTS holds a block of them: its control page begins with
 * struct pmt_context_block, its data is an array of contexts.
 *
 * The owning thread writes. The drain (TREE_NODE records) and, after a kill, the reader
 * read without a lock: each word is whole, the sums of one context may be of two moments
 * that lie an event apart.
 */
#ifndef PMT_FORMAT_CONTEXT_LAYOUT_H
#define PMT_FORMAT_CONTEXT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/payload.h"
#include "format/ring_layout.h"

struct pmt_context {
	/* What nearly every event touches: one cache line. */
	struct pmt_context *parent; /* addresses mean something to the owner only */
	struct pmt_context *recent; /* the child entered last */
	uint32_t code_id;
	uint32_t depth; /* Python calls from the root down to it */
	uint64_t call_count;
	uint64_t object_bytes;
	uint64_t object_count;
	uint32_t id; /* 1... within the stream */
	uint32_t parent_id;
	uint32_t kind; /* enum pmt_tree_kind */
	uint32_t is_c; /* of a C function: c_calls=1 */
	/* What only some do. */
	uint64_t allocated_bytes;
	uint64_t allocated_count;
	uint64_t freed_bytes;
	uint64_t freed_count;
	int64_t rss_pages;
	uint64_t rss_up_pages;
	int64_t mapped_bytes;
	int64_t file_mapped_bytes;
};

struct pmt_context_block {
	struct pmt_ring_slot slot; /* head and tail stay 0; stream is the owner's */
	uint32_t context_bytes;    /* sizeof(struct pmt_context) of the writer */
	/* Contexts that are whole. Owner writes, release; drain and salvage acquire. */
	_Atomic uint32_t used_count;
	struct pmt_context_block *previous; /* of the same stream; in the process only */
};

_Static_assert(sizeof(struct pmt_context) == 128, "a context is two cache lines");
_Static_assert(sizeof(struct pmt_context_block) <= PMT_RING_CONTROL_BYTES,
	       "a block's header fits its page");

static inline struct pmt_tree_node pmt_context_to_node(const struct pmt_context *c,
						       uint32_t stream)
{
	return (struct pmt_tree_node){
	    .stream = stream,
	    .id = c->id,
	    .parent = c->parent_id,
	    .code_id = c->code_id,
	    .call_count = c->call_count,
	    .self = {c->allocated_bytes, c->allocated_count, c->freed_bytes,
		     c->freed_count, c->object_bytes, c->object_count, c->rss_pages,
		     c->mapped_bytes, c->file_mapped_bytes},
	    .rss_up_pages = c->rss_up_pages,
	    .kind = (uint8_t)c->kind,
	    .depth = c->depth,
	};
}

/* A root at which nothing happened says nothing; its children are roots themselves. */
static inline bool pmt_context_is_idle_root(const struct pmt_context *c)
{
	return c->kind == PMT_TREE_OUTSIDE &&
	       !(c->object_count | c->allocated_count | c->freed_count |
		 (uint64_t)c->rss_pages | c->rss_up_pages | (uint64_t)c->mapped_bytes |
		 (uint64_t)c->file_mapped_bytes);
}

#endif
