/*
 * A thread's calling contexts, for detail=tree: where it stands, and how its children are
 * found. The contexts themselves lie in shared memory (format/context_layout.h).
 */
#ifndef PMT_TRACER_EVENT_CONTEXT_TREE_H
#define PMT_TRACER_EVENT_CONTEXT_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/context_layout.h"

struct pmt_thread;

enum {
	/* Of all threads together, beyond a first block that each thread has. */
	PMT_CONTEXT_BYTES_MAX = 32 << 20,
};

/* Owner reads and writes; all zero (wiped by a fork too) is no tree. */
struct pmt_context_tree {
	struct pmt_context *now;     /* whose call runs; NULL: by the slow way */
	struct pmt_context *kept;    /* now, while paused */
	struct pmt_context *outside; /* the root; NULL: no tree yet */
	struct pmt_context *paused;  /* gets what a pause hid; NULL until needed */
	struct pmt_context **index;  /* open hash by parent and code id; private pages */
	uint32_t index_mask;
	uint32_t count; /* contexts in all blocks */
	uint32_t capacity;
	uint32_t refused; /* the kernel gave no memory: it is not asked again */
	/* Newest first. Owner writes, release; the drain acquires. */
	struct pmt_context_block *_Atomic blocks;
};

/* What `recent` of a context without children points to: nobody's code id. */
extern PMT_HIDDEN struct pmt_context pmt_context_none;

/* Makes the root and, when `depth` calls run already, the context of the innermost.
 * False: no memory, no tree. */
bool pmt_context_tree_open(struct pmt_thread *t, uint64_t depth);

/* The child of parent with this code id; made when it is not there. NULL: no room. */
struct pmt_context *pmt_context_child(struct pmt_thread *t, struct pmt_context *parent,
				      uint32_t code_id, bool is_c);

/* A new context without a parent, of a call that ran when the tree began or of a pause.
 * NULL: no room. */
struct pmt_context *pmt_context_new_root(struct pmt_thread *t, enum pmt_tree_kind kind,
					 uint32_t depth);

/* Gives all blocks back: the reaper, once they are written. */
void pmt_context_tree_close(struct pmt_thread *t);

#endif
