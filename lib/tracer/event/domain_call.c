/* Blocks that wait for the end of a domain's call; see domain_call.h. */
#include "event/domain_call.h"

#include <string.h>

#include "event/blocks.h"
#include "thread.h"

static void record(struct pmt_thread *t, const struct pmt_waiting_block *block)
{
	pmt_blocks_allocated_self(t, block->at, block->requested_bytes,
				  block->usable_bytes, block->kind);
}

static void take_out(struct pmt_domain_call *call, uint32_t i)
{
	call->waiting_count--;
	memmove(&call->waiting[i], &call->waiting[i + 1],
		(call->waiting_count - i) * sizeof(call->waiting[0]));
}

void pmt_domain_call_got_self(struct pmt_thread *t, const struct pmt_waiting_block *block)
{
	struct pmt_domain_call *call = &t->domain_call;

	if (call->waiting_count == PMT_DOMAIN_CALL_BLOCKS) {
		record(t, &call->waiting[0]);
		take_out(call, 0);
	}
	call->waiting[call->waiting_count++] = *block;
}

void pmt_domain_call_gives_self(struct pmt_thread *t, const void *p)
{
	struct pmt_domain_call *call = &t->domain_call;

	for (uint32_t i = 0; i < call->waiting_count; i++) {
		if (call->waiting[i].at == p) {
			record(t, &call->waiting[i]);
			take_out(call, i);
			return;
		}
	}
}

/* A block that is much larger is an arena, which holds more than the object. */
static bool holds(const struct pmt_waiting_block *block, const void *p,
		  size_t requested_bytes)
{
	uintptr_t offset = (uintptr_t)p - (uintptr_t)block->at;

	return p && offset < block->usable_bytes &&
	       offset <= PMT_DOMAIN_HEADERS_BYTES_MAX &&
	       block->usable_bytes / 2 <=
		   requested_bytes + 4 * PMT_DOMAIN_HEADERS_BYTES_MAX;
}

size_t pmt_domain_call_settle_self(struct pmt_thread *t, const void *p,
				   size_t requested_bytes)
{
	struct pmt_domain_call *call = &t->domain_call;
	size_t usable_bytes = 0;

	for (uint32_t i = 0; i < call->waiting_count; i++) {
		if (!usable_bytes && holds(&call->waiting[i], p, requested_bytes))
			usable_bytes = call->waiting[i].usable_bytes;
		else
			record(t, &call->waiting[i]);
	}
	call->waiting_count = 0;
	return usable_bytes;
}
