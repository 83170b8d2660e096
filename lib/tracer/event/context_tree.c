/*
 * Making and finding contexts; see context_tree.h. On the owning thread, at calls whose
 * path is new. The memory is the tracer's own: the program's account is without it.
 */
#include "event/context_tree.h"

#include <string.h>

#include "rss/own_memory.h"
#include "run/run.h"
#include "thread.h"

enum { INDEX_FIRST = 1024, POINTER_BYTES = sizeof(void *) };

struct pmt_context pmt_context_none = {.code_id = UINT32_MAX};

static struct pmt_context *contexts_of(struct pmt_context_block *block)
{
	return (struct pmt_context *)(void *)((char *)block + PMT_RING_CONTROL_BYTES);
}

static uint32_t hash_of(const struct pmt_context *parent, uint32_t code_id)
{
	uint64_t key = (uint64_t)parent->id << 32 | code_id;

	return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32);
}

static struct pmt_context **place_of(const struct pmt_context_tree *tree,
				     const struct pmt_context *parent, uint32_t code_id)
{
	uint32_t i = hash_of(parent, code_id) & tree->index_mask;

	for (;; i = (i + 1) & tree->index_mask) {
		const struct pmt_context *c = tree->index[i];
		if (!c || (c->parent == parent && c->code_id == code_id))
			return &tree->index[i];
	}
}

static bool grow_index(struct pmt_context_tree *tree)
{
	uint32_t old_count = tree->index ? tree->index_mask + 1 : 0;
	uint32_t count = old_count ? old_count * 2 : INDEX_FIRST;
	struct pmt_context **old = tree->index;
	void *at = pmt_own_map(count * POINTER_BYTES, PMT_OWN_ABSENT);

	if (!at)
		return false;
	tree->index = at;
	tree->index_mask = count - 1;
	for (uint32_t i = 0; i < old_count; i++)
		if (old[i])
			*place_of(tree, old[i]->parent, old[i]->code_id) = old[i];
	if (old)
		pmt_own_unmap(old, old_count * POINTER_BYTES);
	return true;
}

static bool grow_blocks(struct pmt_context_tree *tree, uint32_t stream)
{
	uint64_t bytes = pmt_run->area.header->slot_data_bytes;

	if (tree->capacity && pmt_add_relaxed(&pmt_run->context_bytes, bytes) + bytes >
				  PMT_CONTEXT_BYTES_MAX) {
		pmt_add_relaxed(&pmt_run->context_bytes, -bytes);
		return false;
	}
	struct pmt_context_block *block = pmt_area_take_contexts(&pmt_run->area, stream);
	if (!block) {
		tree->refused = 1;
		return false;
	}
	block->previous = atomic_load_explicit(&tree->blocks, memory_order_relaxed);
	atomic_store_explicit(&tree->blocks, block, memory_order_release);
	tree->capacity += (uint32_t)(bytes / sizeof(struct pmt_context));
	return true;
}

/* Room for one more, in a block and in the index. */
static bool make_room(struct pmt_thread *t)
{
	struct pmt_context_tree *tree = &t->tree;
	bool block_full = tree->count == tree->capacity;
	bool index_full = !tree->index || tree->count >= tree->index_mask / 2;

	if (PMT_LIKELY(!block_full && !index_full))
		return true;
	if (tree->refused)
		return false;
	bool done = !block_full || grow_blocks(tree, t->emitter.stream);
	if (done && index_full && !grow_index(tree)) {
		tree->refused = 1;
		done = false;
	}
	return done;
}

static struct pmt_context *add(struct pmt_thread *t, struct pmt_context *parent,
			       const struct pmt_context *like)
{
	struct pmt_context_tree *tree = &t->tree;

	if (!make_room(t))
		return NULL;
	struct pmt_context_block *block =
	    atomic_load_explicit(&tree->blocks, memory_order_relaxed);
	uint32_t used = pmt_load32_relaxed(&block->used_count);
	struct pmt_context *c = &contexts_of(block)[used];
	*c = *like;
	c->parent = parent;
	c->recent = &pmt_context_none;
	c->id = ++tree->count;
	if (parent && parent->kind != PMT_TREE_OUTSIDE)
		c->parent_id = parent->id;
	/* Release: the drain and a salvage read what is below. */
	pmt_store32_release(&block->used_count, used + 1);
	return c;
}

struct pmt_context *pmt_context_new_root(struct pmt_thread *t, enum pmt_tree_kind kind,
					 uint32_t depth)
{
	struct pmt_context like = {.kind = kind, .depth = depth};

	return add(t, NULL, &like);
}

bool pmt_context_tree_open(struct pmt_thread *t, uint64_t depth)
{
	struct pmt_context_tree *tree = &t->tree;

	tree->outside = pmt_context_new_root(t, PMT_TREE_OUTSIDE, 0);
	if (!tree->outside)
		return false;
	tree->now = tree->outside;
	if (depth)
		tree->now = pmt_context_new_root(t, PMT_TREE_OPEN, (uint32_t)depth);
	if (!tree->now)
		tree->now = tree->outside;
	return true;
}

struct pmt_context *pmt_context_child(struct pmt_thread *t, struct pmt_context *parent,
				      uint32_t code_id, bool is_c)
{
	struct pmt_context *child = *place_of(&t->tree, parent, code_id);
	struct pmt_context like = {
	    .code_id = code_id,
	    .kind = code_id ? PMT_TREE_CALL : PMT_TREE_UNKNOWN,
	    .depth = parent->depth + !is_c,
	    .is_c = is_c,
	};

	if (!child) {
		child = add(t, parent, &like);
		if (!child)
			return NULL;
		/* Not before: making room may have moved the index. */
		*place_of(&t->tree, parent, code_id) = child;
	}
	parent->recent = child;
	return child;
}

void pmt_context_tree_close(struct pmt_thread *t)
{
	struct pmt_context_tree *tree = &t->tree;
	struct pmt_context_block *block =
	    atomic_load_explicit(&tree->blocks, memory_order_acquire);

	while (block) {
		struct pmt_context_block *previous = block->previous;
		if (previous) /* the first is not counted */
			pmt_add_relaxed(&pmt_run->context_bytes,
					-(uint64_t)pmt_run->area.header->slot_data_bytes);
		pmt_area_free_contexts(block);
		block = previous;
	}
	if (tree->index)
		pmt_own_unmap(tree->index, (tree->index_mask + 1) * POINTER_BYTES);
	memset(tree, 0, sizeof(*tree));
}
