/* Operations that wait: a queue by their coming, and a chain for each address. */
#include "analysis/block_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Mappings overlap in many ways: they share one chain, of an address that is no block's.
 */
enum { MAPS_CHAIN = 1 };

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
	    .first_number = 1,
	};
}

void pmt_block_order_close(struct pmt_block_order *order)
{
	free(order->waiting);
	pmt_block_table_close(&order->chains);
	pmt_block_deadlines_close(&order->deadlines);
	*order = (struct pmt_block_order){0};
}

static uint64_t chain_of(const struct pmt_block_op *op)
{
	return op->is_map ? MAPS_CHAIN : op->address;
}

static struct pmt_waiting_op *at(const struct pmt_block_order *order, uint64_t number)
{
	return &order->waiting[number - order->first_number];
}

static uint64_t first_of(const struct pmt_block_order *order, uint64_t chain)
{
	const struct pmt_block_entry *entry =
	    order->begun == order->count ? NULL
					 : pmt_block_table_find(&order->chains, chain);

	return entry ? entry->bytes : 0;
}

/* True when `later` must stay behind `earlier`, both of one chain. */
static bool is_behind(const struct pmt_block_op *earlier,
		      const struct pmt_block_op *later)
{
	if (earlier->stream != later->stream)
		return false;
	if (!earlier->is_map || earlier->bytes == 0 || later->bytes == 0)
		return true;
	return earlier->address - later->address < later->bytes ||
	       later->address - earlier->address < earlier->bytes;
}

/* True when op must wait for one of its thread, between `number` and itself. */
static bool is_blocked(const struct pmt_block_order *order, uint64_t number,
		       const struct pmt_block_op *op)
{
	for (; number; number = at(order, number)->next) {
		const struct pmt_block_op *earlier = &at(order, number)->op;

		if (earlier == op)
			return false;
		if (is_behind(earlier, op))
			return true;
	}
	return false;
}

/* Takes number, whose predecessor in the chain is before (0: none), out of its chain. */
static void unlink_op(struct pmt_block_order *order, uint64_t before, uint64_t number)
{
	struct pmt_waiting_op *w = at(order, number);
	struct pmt_block_entry *entry;

	w->is_done = true;
	if (before) {
		at(order, before)->next = w->next;
		return;
	}
	entry = pmt_block_table_find(&order->chains, chain_of(&w->op));
	if (w->next)
		entry->bytes = w->next;
	else
		pmt_block_table_remove(&order->chains, entry);
}

/* Something changed at the address: what fits now goes, again and again. */
static int drain(struct pmt_block_order *order, uint64_t chain)
{
	uint64_t before = 0, number = first_of(order, chain);

	while (number) {
		struct pmt_waiting_op *w = at(order, number);

		if (is_blocked(order, first_of(order, chain), &w->op) ||
		    !pmt_live_set_fits(order->set, &w->op)) {
			before = number;
			number = w->next;
			continue;
		}
		uint64_t late = order->now_tick - w->op.tick;
		if (late > order->late_ticks)
			order->late_ticks = late;
		order->late_count++;
		unlink_op(order, before, number);
		int error = pmt_live_set_apply(order->set, &w->op);
		if (error)
			return error;
		before = 0;
		number = first_of(order, chain);
	}
	return 0;
}

/* The first operation behind `number` in its chain that must stay behind it; *ret_before
 * is the one it hangs on. 0: none. */
static uint64_t next_of_thread(const struct pmt_block_order *order, uint64_t number,
			       uint64_t *ret_before)
{
	uint64_t before = number;

	for (uint64_t n = at(order, number)->next; n; n = at(order, n)->next) {
		if (is_behind(&at(order, number)->op, &at(order, n)->op)) {
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
static bool annul_pair(struct pmt_block_order *order, uint64_t chain)
{
	uint64_t before = 0, before_second = 0;

	for (uint64_t n = first_of(order, chain); n; n = at(order, n)->next) {
		uint64_t second = next_of_thread(order, n, &before_second);
		const struct pmt_block_op *op = &at(order, n)->op;
		const struct pmt_block_op *next = second ? &at(order, second)->op : NULL;

		if (next && (is_pair(op, next) || is_swap(order->set, op, next))) {
			const struct pmt_block_op *alloc = op->is_free ? next : op;

			pmt_places_pass(&order->set->places, alloc->place, alloc->bytes,
					!op->is_free && next->ordinal - op->ordinal <=
							    order->set->temporary_within);
			unlink_op(order, before_second, second);
			unlink_op(order, before, n);
			return true;
		}
		before = n;
	}
	return false;
}

/* Takes it out of the middle of its chain, as it is. */
static int force(struct pmt_block_order *order, uint64_t number)
{
	const struct pmt_block_op *op = &at(order, number)->op;
	uint64_t chain = chain_of(op), before = 0;

	for (uint64_t n = first_of(order, chain); n != number; n = at(order, n)->next)
		before = n;
	unlink_op(order, before, number);
	int error = pmt_live_set_apply(order->set, op);
	return error ? error : drain(order, chain);
}

/* `number` has waited long enough, and is not behind one of its thread. */
static int give_up(struct pmt_block_order *order, uint64_t number)
{
	uint64_t chain = chain_of(&at(order, number)->op);

	return annul_pair(order, chain) ? drain(order, chain) : force(order, number);
}

/* Forgets those at the front that are done, and moves the others there. */
static void tidy(struct pmt_block_order *order)
{
	while (order->begun < order->count && order->waiting[order->begun].is_done)
		order->begun++;
	if (order->begun == 0 ||
	    (order->begun < order->count && order->begun < order->capacity / 2))
		return;
	order->count -= order->begun;
	memmove(order->waiting, order->waiting + order->begun,
		order->count * sizeof(*order->waiting));
	order->first_number += order->begun;
	order->begun = 0;
}

static bool is_waiting(const struct pmt_block_order *order, uint64_t number)
{
	return number >= order->first_number + order->begun &&
	       number < order->first_number + order->count && !at(order, number)->is_done;
}

/* Those whose deadline is over; what a thread did before is so before. */
static int force_due(struct pmt_block_order *order)
{
	uint64_t number;
	int error = 0;

	while (!error && (number = pmt_block_deadlines_take(&order->deadlines,
							    order->now_tick)) != 0)
		while (!error && is_waiting(order, number))
			error = give_up(order, number);
	return error;
}

static int force_old(struct pmt_block_order *order)
{
	int error = force_due(order);

	while (!error) {
		tidy(order);
		if (order->begun == order->count)
			return 0;
		uint64_t tick = order->waiting[order->begun].op.tick;
		if (order->now_tick - tick <= order->quiet_ticks &&
		    order->count - order->begun < WAITING_MAX)
			return 0;
		error = give_up(order, order->first_number + order->begun);
	}
	return error;
}

/* Behind the last of its chain, if it has one; *ret_length: the chain's, without it. */
static int append_to_chain(struct pmt_block_order *order, uint64_t chain, uint64_t number,
			   unsigned *ret_length)
{
	const struct pmt_block_entry *entry = pmt_block_table_find(&order->chains, chain);
	unsigned length = 1;

	if (!entry) {
		*ret_length = 0;
		return pmt_block_table_put(
		    &order->chains,
		    (struct pmt_block_entry){.address = chain, .bytes = number});
	}
	uint64_t last = entry->bytes;
	for (; at(order, last)->next; length++)
		last = at(order, last)->next;
	at(order, last)->next = number;
	*ret_length = length;
	return 0;
}

static int wait(struct pmt_block_order *order, const struct pmt_block_op *op)
{
	uint64_t number = order->first_number + order->count, chain = chain_of(op);
	unsigned length = 0;

	if (order->count == order->capacity) {
		size_t capacity = order->capacity ? order->capacity * 2 : 64;
		struct pmt_waiting_op *waiting =
		    realloc(order->waiting, capacity * sizeof(*waiting));

		if (!waiting)
			return -ENOMEM;
		order->waiting = waiting;
		order->capacity = capacity;
	}
	int error = append_to_chain(order, chain, number, &length);
	if (error)
		return error;
	order->waiting[order->count] = (struct pmt_waiting_op){.op = *op};
	order->waiting[order->count++].op.tick = order->now_tick;
	error = pmt_block_deadlines_note(&order->deadlines, op->stream, number);
	if (!error && length >= PMT_CHAIN_MAX)
		error = give_up(order, first_of(order, chain));
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
	uint64_t first;
	int error = 0;

	if (op->tick > order->now_tick)
		order->now_tick = op->tick;
	if (order->is_alone)
		return pmt_live_set_apply(order->set, op);
	error = pmt_block_deadlines_see(&order->deadlines, op->stream, op->tick);
	if (!error && order->begun < order->count)
		error = force_old(order);
	if (error)
		return error;
	first = first_of(order, chain_of(op));
	if (is_blocked(order, first, op) ||
	    !(fits_in_turn(op) || pmt_live_set_fits(order->set, op)))
		return wait(order, op);
	error = pmt_live_set_apply(order->set, op);
	if (!error && first)
		error = drain(order, chain_of(op));
	return error;
}

int pmt_block_order_cut(struct pmt_block_order *order)
{
	int error = 0;

	for (size_t i = order->begun; !error && i < order->count; i++) {
		const struct pmt_waiting_op *w = &order->waiting[i];

		if (!w->is_done && w->op.is_free &&
		    !is_blocked(order, first_of(order, chain_of(&w->op)), &w->op))
			error = force(order, order->first_number + i);
	}
	return error;
}

int pmt_block_order_finish(struct pmt_block_order *order)
{
	int error = 0;

	tidy(order);
	while (!error && order->begun < order->count) {
		error = give_up(order, order->first_number + order->begun);
		if (!error)
			tidy(order);
	}
	return error;
}
