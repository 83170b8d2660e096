/* What fits goes on at once, the others by the rules of block_order.h. */
#include "analysis/block_order.h"

#include <errno.h>

/* Memory for those that wait: 32 MB. */
enum { WAITING_MAX = 1 << 18 };

/* A thread's next look at the clock ends the waiting, and a fifth of a second more, as a
 * mapping may be noted a while behind its call. One that does not go on is left behind
 * by the tracer's coarse clock, which a busy machine may hold up for seconds. */
enum { BOUNDS_PER_SECOND = 5, QUIET_SECONDS = 10 };

void pmt_block_order_init(struct pmt_block_order *order, struct pmt_live_set *set,
			  bool is_alone, uint64_t ticks_per_second)
{
	*order = (struct pmt_block_order){
	    .set = set,
	    .is_alone = is_alone,
	    .quiet_ticks = ticks_per_second * QUIET_SECONDS,
	    .deadlines = {.bound_ticks = ticks_per_second / BOUNDS_PER_SECOND + 1},
	    .queue = {.first_number = 1},
	};
}

void pmt_block_order_close(struct pmt_block_order *order)
{
	pmt_block_queue_close(&order->queue);
	pmt_block_deadlines_close(&order->deadlines);
	*order = (struct pmt_block_order){0};
}

static const struct pmt_block_op *op_of(const struct pmt_block_order *order,
					uint64_t number)
{
	return &pmt_block_queue_at(&order->queue, number)->op;
}

static uint64_t next_of(const struct pmt_block_order *order, uint64_t number)
{
	return pmt_block_queue_at(&order->queue, number)->next;
}

/* Something changed at an address: what fits now goes, again and again. */
static int drain(struct pmt_block_order *order, const struct pmt_block_op *changed)
{
	uint64_t before = 0, number = pmt_block_queue_first(&order->queue, changed);

	while (number) {
		const struct pmt_block_op *op = op_of(order, number);

		if (pmt_block_queue_is_blocked(&order->queue, op) ||
		    !pmt_live_set_fits(order->set, op)) {
			before = number;
			number = next_of(order, number);
			continue;
		}
		uint64_t late = order->now_tick - op->tick;
		if (late > order->late_ticks)
			order->late_ticks = late;
		order->late_count++;
		pmt_block_queue_unlink(&order->queue, before, number);
		int error = pmt_live_set_apply(order->set, op);
		if (error)
			return error;
		before = 0;
		number = pmt_block_queue_first(&order->queue, changed);
	}
	return 0;
}

/* The first operation behind `number` in its chain that must stay behind it; *ret_before
 * is the one it hangs on. 0: none. */
static uint64_t next_of_thread(const struct pmt_block_order *order, uint64_t number,
			       uint64_t *ret_before)
{
	uint64_t before = number;

	for (uint64_t n = next_of(order, number); n; n = next_of(order, n)) {
		if (pmt_block_op_is_behind(op_of(order, number), op_of(order, n))) {
			*ret_before = before;
			return n;
		}
		before = n;
	}
	return 0;
}

/* The other way round: a free of what another thread allocated, and the address again.
 * They fit where it was live, if it ever was. */
static bool is_swap(const struct pmt_live_set *set, const struct pmt_block_op *release,
		    const struct pmt_block_op *alloc)
{
	return release->is_free && !alloc->is_free && !alloc->is_map &&
	       pmt_live_set_was_freed(set, alloc->address);
}

static bool is_pair(const struct pmt_block_op *alloc, const struct pmt_block_op *release)
{
	return !alloc->is_free && release->is_free &&
	       alloc->address == release->address &&
	       (release->bytes == 0 || release->bytes == alloc->bytes);
}

/* Takes one pair out of a chain that is stuck: an allocation and the free right behind it
 * of the same thread fit between any others, wherever the address was not live. */
static bool annul_pair(struct pmt_block_order *order, uint64_t first)
{
	uint64_t before = 0, before_second = 0;

	for (uint64_t n = first; n; n = next_of(order, n)) {
		uint64_t second = next_of_thread(order, n, &before_second);
		const struct pmt_block_op *op = op_of(order, n);
		const struct pmt_block_op *next = second ? op_of(order, second) : NULL;

		if (next && (is_pair(op, next) || is_swap(order->set, op, next))) {
			const struct pmt_block_op *alloc = op->is_free ? next : op;

			pmt_live_set_pass(order->set, alloc,
					  !op->is_free &&
					      next->ordinal - op->ordinal <=
						  order->set->temporary_within);
			pmt_block_queue_unlink(&order->queue, before_second, second);
			pmt_block_queue_unlink(&order->queue, before, n);
			return true;
		}
		before = n;
	}
	return false;
}

/* Takes it out of the middle of its chain, as it is. */
static int force(struct pmt_block_order *order, uint64_t number)
{
	const struct pmt_block_op *op = op_of(order, number);
	uint64_t before = 0, n = pmt_block_queue_first(&order->queue, op);

	for (; n != number; n = next_of(order, n))
		before = n;
	pmt_block_queue_unlink(&order->queue, before, number);
	int error = pmt_live_set_apply(order->set, op);
	return error ? error : drain(order, op);
}

/* `number` has waited long enough, and is not behind one of its thread. */
static int give_up(struct pmt_block_order *order, uint64_t number)
{
	const struct pmt_block_op *op = op_of(order, number);

	return annul_pair(order, pmt_block_queue_first(&order->queue, op))
		   ? drain(order, op)
		   : force(order, number);
}

/* Those whose deadline is over; what a thread did before is so before. */
static int force_due(struct pmt_block_order *order)
{
	uint64_t number;
	int error = 0;

	while (!error && (number = pmt_block_deadlines_take(&order->deadlines,
							    order->now_tick)) != 0)
		while (!error && pmt_block_queue_is_waiting(&order->queue, number))
			error = give_up(order, number);
	return error;
}

static int force_old(struct pmt_block_order *order)
{
	struct pmt_block_queue *queue = &order->queue;
	int error = force_due(order);

	while (!error) {
		pmt_block_queue_tidy(queue);
		if (pmt_block_queue_is_empty(queue))
			return 0;
		uint64_t tick = queue->waiting[queue->begun].op.tick;
		if (order->now_tick - tick <= order->quiet_ticks &&
		    queue->count - queue->begun < WAITING_MAX)
			return 0;
		error = give_up(order, queue->first_number + queue->begun);
	}
	return error;
}

static int wait(struct pmt_block_order *order, const struct pmt_block_op *op)
{
	struct pmt_block_op waiting = *op;
	unsigned length;
	uint64_t number;

	waiting.tick = order->now_tick;
	int error = pmt_block_queue_add(&order->queue, &waiting, &number, &length);
	if (!error)
		error = pmt_block_deadlines_note(&order->deadlines, op->stream, number);
	if (!error && length >= PMT_CHAIN_MAX)
		error = give_up(order, pmt_block_queue_first(&order->queue, op));
	return error;
}

/* A free in its turn that finds nothing is of a block from before the trace: were it to
 * wait, it would take the next block of another thread at its address. */
static bool fits_in_turn(const struct pmt_block_op *op)
{
	return op->is_in_turn && op->is_free;
}

int pmt_block_order_add(struct pmt_block_order *order, const struct pmt_block_op *op)
{
	int error = 0;

	if (op->tick > order->now_tick)
		order->now_tick = op->tick;
	if (order->is_alone)
		return pmt_live_set_apply(order->set, op);
	error = pmt_block_deadlines_see(&order->deadlines, op->stream, op->tick);
	if (!error && !pmt_block_queue_is_empty(&order->queue))
		error = force_old(order);
	if (error)
		return error;
	bool is_awaited = pmt_block_queue_first(&order->queue, op) != 0;
	bool is_taken = false;
	if (is_awaited && pmt_block_queue_is_blocked(&order->queue, op))
		return wait(order, op);
	error = pmt_live_set_take(order->set, op, &is_taken);
	if (!error && !is_taken)
		return fits_in_turn(op) ? pmt_live_set_apply(order->set, op)
					: wait(order, op);
	return !error && is_awaited ? drain(order, op) : error;
}

int pmt_block_order_see(struct pmt_block_order *order, uint32_t stream, uint64_t tick)
{
	if (pmt_block_queue_is_empty(&order->queue))
		return 0;
	if (tick > order->now_tick)
		order->now_tick = tick;
	int error = pmt_block_deadlines_see(&order->deadlines, stream, tick);
	return error ? error : force_old(order);
}

int pmt_block_order_cut(struct pmt_block_order *order)
{
	const struct pmt_block_queue *queue = &order->queue;
	int error = 0;

	for (size_t i = queue->begun; !error && i < queue->count; i++) {
		const struct pmt_waiting_op *w = &queue->waiting[i];

		if (!w->is_done && w->op.is_free &&
		    !pmt_block_queue_is_blocked(queue, &w->op))
			error = force(order, queue->first_number + i);
	}
	return error;
}

int pmt_block_order_finish(struct pmt_block_order *order)
{
	struct pmt_block_queue *queue = &order->queue;
	int error = 0;

	pmt_block_queue_tidy(queue);
	while (!error && !pmt_block_queue_is_empty(queue)) {
		error = give_up(order, queue->first_number + queue->begun);
		if (!error)
			pmt_block_queue_tidy(queue);
	}
	return error;
}
