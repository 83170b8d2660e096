/*
 * The drain's side of detail=tree; see contexts.h. Contexts only grow, and a later record
 * of one replaces an earlier one, so each writing is of all of them.
 */
#include "drain/contexts.h"

#include "drain/pass.h"
#include "event/context.h"
#include "run/run.h"

static bool write_context(const struct pmt_context *c, uint32_t stream)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_emitter *e = &pmt_run->process;

	if (pmt_context_is_idle_root(c))
		return true;
	const struct pmt_tree_node node = pmt_context_to_node(c, stream);
	size_t size = (size_t)(pmt_payload_put_tree_node(payload, &node) - payload);
	while (!pmt_emit_extended(e, NULL, PMT_EXT_TREE_NODE, payload, size))
		if (!pmt_pass_take_process_locked())
			return false;
	return true;
}

bool pmt_contexts_write_locked(struct pmt_thread *t)
{
	/* Acquire pairs with the owner's release: the block and its count are there. */
	const struct pmt_context_block *block =
	    atomic_load_explicit(&t->tree.blocks, memory_order_acquire);

	for (; block; block = block->previous) {
		const struct pmt_context *contexts =
		    (const void *)((const char *)block + PMT_RING_CONTROL_BYTES);
		uint32_t count = pmt_load32_acquire(&block->used_count);

		for (uint32_t i = 0; i < count; i++)
			if (!write_context(&contexts[i], block->slot.stream))
				return false;
	}
	return true;
}

void pmt_contexts_write_all_locked(void)
{
	struct pmt_thread *t;

	for (uint32_t i = 0; (t = pmt_thread_at(i)) != NULL; i++)
		if (!pmt_contexts_write_locked(t))
			return;
}
