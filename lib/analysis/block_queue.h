/*
 * Operations on blocks that wait (block_order.h): numbered in the order of their coming,
 * and in a chain for each address, all of mappings in one. Those that are done leave the
 * front of the queue; memory is what waits between the first and the last.
 */
#ifndef PMT_ANALYSIS_BLOCK_QUEUE_H
#define PMT_ANALYSIS_BLOCK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/block_table.h"
#include "analysis/live_set.h"
#include "base/attr.h"

struct pmt_waiting_op {
	struct pmt_block_op op;
	uint64_t next; /* number of the next one in the chain; 0: none */
	bool is_done;
};

/* All zero but first_number, which is 1, is an empty one that owns nothing. */
struct pmt_block_queue {
	struct pmt_waiting_op *waiting; /* numbers from first_number on */
	size_t count;
	size_t capacity;
	size_t begun; /* below it all are done */
	uint64_t first_number;
	struct pmt_block_table chains; /* address -> bytes: number of the first */
};

void pmt_block_queue_close(struct pmt_block_queue *queue);

static inline bool pmt_block_queue_is_empty(const struct pmt_block_queue *queue)
{
	return queue->begun == queue->count;
}

static inline struct pmt_waiting_op *
pmt_block_queue_at(const struct pmt_block_queue *queue, uint64_t number)
{
	return &queue->waiting[number - queue->first_number];
}

/* False when it is done, or gone. */
bool pmt_block_queue_is_waiting(const struct pmt_block_queue *queue, uint64_t number);

/* The number of the first operation in op's chain; 0: none waits there. */
uint64_t pmt_block_queue_first(const struct pmt_block_queue *queue,
			       const struct pmt_block_op *op);

/* True when `later` must stay behind `earlier`, both of one chain. */
bool pmt_block_op_is_behind(const struct pmt_block_op *earlier,
			    const struct pmt_block_op *later);

/* True when op, which may be one that waits, must stay behind one of its chain that came
 * before it. */
bool pmt_block_queue_is_blocked(const struct pmt_block_queue *queue,
				const struct pmt_block_op *op);

/* Takes op behind the last of its chain; *ret_length: the chain's, without it. 0 or
 * -ENOMEM. */
int pmt_block_queue_add(struct pmt_block_queue *queue, const struct pmt_block_op *op,
			uint64_t *ret_number, unsigned *ret_length) PMT_MUST_CHECK;

/* `number`, whose predecessor in the chain is before (0: none), leaves its chain and is
 * done. */
void pmt_block_queue_unlink(struct pmt_block_queue *queue, uint64_t before,
			    uint64_t number);

/* Forgets those at the front that are done. Numbers stay as they are. */
void pmt_block_queue_tidy(struct pmt_block_queue *queue);

#endif
