/* A queue by their coming, and a chain for each address. */
#include "analysis/block_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Mappings overlap in many ways: they share one chain, of an address that is no block's.
 */
enum { MAPS_CHAIN = 1 };

void pmt_block_queue_close(struct pmt_block_queue *queue)
{
	free(queue->waiting);
	pmt_block_table_close(&queue->chains);
	*queue = (struct pmt_block_queue){0};
}

static uint64_t chain_of(const struct pmt_block_op *op)
{
	return op->is_map ? MAPS_CHAIN : op->address;
}

bool pmt_block_queue_is_waiting(const struct pmt_block_queue *queue, uint64_t number)
{
	return number >= queue->first_number + queue->begun &&
	       number < queue->first_number + queue->count &&
	       !pmt_block_queue_at(queue, number)->is_done;
}

uint64_t pmt_block_queue_first(const struct pmt_block_queue *queue,
			       const struct pmt_block_op *op)
{
	const struct pmt_block_entry *entry =
	    pmt_block_queue_is_empty(queue)
		? NULL
		: pmt_block_table_find(&queue->chains, chain_of(op));

	return entry ? entry->bytes : 0;
}

bool pmt_block_op_is_behind(const struct pmt_block_op *earlier,
			    const struct pmt_block_op *later)
{
	if (earlier->stream != later->stream)
		return false;
	if (!earlier->is_map || earlier->bytes == 0 || later->bytes == 0)
		return true;
	return earlier->address - later->address < later->bytes ||
	       later->address - earlier->address < earlier->bytes;
}

bool pmt_block_queue_is_blocked(const struct pmt_block_queue *queue,
				const struct pmt_block_op *op)
{
	uint64_t number = pmt_block_queue_first(queue, op);

	while (number) {
		const struct pmt_waiting_op *w = pmt_block_queue_at(queue, number);

		if (&w->op == op)
			return false;
		if (pmt_block_op_is_behind(&w->op, op))
			return true;
		number = w->next;
	}
	return false;
}

/* Behind the last of its chain, if it has one. */
static int append_to_chain(struct pmt_block_queue *queue, uint64_t chain, uint64_t number,
			   unsigned *ret_length)
{
	const struct pmt_block_entry *entry = pmt_block_table_find(&queue->chains, chain);
	unsigned length = 1;

	if (!entry) {
		*ret_length = 0;
		return pmt_block_table_put(
		    &queue->chains,
		    (struct pmt_block_entry){.address = chain, .bytes = number});
	}
	uint64_t last = entry->bytes;
	for (; pmt_block_queue_at(queue, last)->next; length++)
		last = pmt_block_queue_at(queue, last)->next;
	pmt_block_queue_at(queue, last)->next = number;
	*ret_length = length;
	return 0;
}

int pmt_block_queue_add(struct pmt_block_queue *queue, const struct pmt_block_op *op,
			uint64_t *ret_number, unsigned *ret_length)
{
	uint64_t number = queue->first_number + queue->count;

	if (queue->count == queue->capacity) {
		size_t capacity = queue->capacity ? queue->capacity * 2 : 64;
		struct pmt_waiting_op *waiting =
		    realloc(queue->waiting, capacity * sizeof(*waiting));

		if (!waiting)
			return -ENOMEM;
		queue->waiting = waiting;
		queue->capacity = capacity;
	}
	int error = append_to_chain(queue, chain_of(op), number, ret_length);
	if (error)
		return error;
	queue->waiting[queue->count++] = (struct pmt_waiting_op){.op = *op};
	*ret_number = number;
	return 0;
}

void pmt_block_queue_unlink(struct pmt_block_queue *queue, uint64_t before,
			    uint64_t number)
{
	struct pmt_waiting_op *w = pmt_block_queue_at(queue, number);
	struct pmt_block_entry *entry;

	w->is_done = true;
	if (before) {
		pmt_block_queue_at(queue, before)->next = w->next;
		return;
	}
	entry = pmt_block_table_find(&queue->chains, chain_of(&w->op));
	if (w->next)
		entry->bytes = w->next;
	else
		pmt_block_table_remove(&queue->chains, entry);
}

void pmt_block_queue_tidy(struct pmt_block_queue *queue)
{
	while (queue->begun < queue->count && queue->waiting[queue->begun].is_done)
		queue->begun++;
	if (queue->begun == 0 ||
	    (queue->begun < queue->count && queue->begun < queue->capacity / 2))
		return;
	queue->count -= queue->begun;
	memmove(queue->waiting, queue->waiting + queue->begun,
		queue->count * sizeof(*queue->waiting));
	queue->first_number += queue->begun;
	queue->begun = 0;
}
