/*
 * The order of allocations and frees across threads. Streams are merged by times that are
 * up to some milliseconds late, so a free may come before the allocation of another
 * thread that it belongs to. What addresses prove is stronger: for one address allocation
 * and free alternate. An operation that does not fit waits until those of other threads
 * make it fit, and those of its own thread at that address wait behind it; when nothing
 * can come any more that does (block_deadlines.h), when it waited for seconds, or when
 * too many wait, it is taken as it is, and counted by the set.
 */
#ifndef PMT_ANALYSIS_BLOCK_ORDER_H
#define PMT_ANALYSIS_BLOCK_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/block_deadlines.h"
#include "analysis/block_queue.h"
#include "analysis/live_set.h"
#include "base/attr.h"

/* So many may wait at one address, or of all mappings together. A thread writes at most
 * 15 records with an old time: a longer chain waits for what nobody recorded. */
enum { PMT_CHAIN_MAX = 64 };

struct pmt_block_order {
	struct pmt_live_set *set; /* borrowed */
	bool is_alone;            /* one thread only: nothing is waited for */
	/* How long an operation waits whose thread does not go on. */
	uint64_t quiet_ticks;
	struct pmt_block_deadlines deadlines;
	uint64_t now_tick;
	uint64_t
	    late_ticks; /* how late the latest operation was that fitted in the end */
	uint64_t late_count; /* operations that waited and fitted in the end */
	struct pmt_block_queue queue;
};

void pmt_block_order_init(struct pmt_block_order *order, struct pmt_live_set *set,
			  bool is_alone, uint64_t ticks_per_second);
void pmt_block_order_close(struct pmt_block_order *order);

/* Takes the operations of all streams, those of one in its order. 0 or -ENOMEM. */
int pmt_block_order_add(struct pmt_block_order *order,
			const struct pmt_block_op *op) PMT_MUST_CHECK;

/* The stream has come to tick, by a record that is none of its operations here: those
 * that waited long enough are taken. 0 or -ENOMEM. */
int pmt_block_order_see(struct pmt_block_order *order, uint32_t stream,
			uint64_t tick) PMT_MUST_CHECK;

/* Ends it at a cut: what would come is left out. So is an allocation that waits for its
 * address to be free, as it happened behind that, whatever its thread's old clock says. A
 * free that waits is of a block from before the trace. 0 or -ENOMEM. */
int pmt_block_order_cut(struct pmt_block_order *order) PMT_MUST_CHECK;

/* Nothing is waited for any more. 0 or -ENOMEM. */
int pmt_block_order_finish(struct pmt_block_order *order) PMT_MUST_CHECK;

#endif
