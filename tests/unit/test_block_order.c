/* The order of allocations and frees against histories whose order is known: threads that
 * run in turns, of any length, on a machine so busy that nothing moves their clocks. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/block_order.h"
#include "support/run_suite.h"
#include "tests/support/chance.h"

enum {
	OPS = 40000,
	ROUNDS = 20,
	PAIRS = 3,       /* makers, and as many that free what these made */
	BLOCKS = 512,    /* of each pair */
	CLOCK_EVERY = 16 /* records of a thread */
};

/* A step of a history is one tick. */
enum { TICKS_PER_SECOND = 1000 };

struct told {
	struct pmt_block_op op;
	uint64_t step;
};

static int by_tick(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->op.tick != y->op.tick)
		return x->op.tick < y->op.tick ? -1 : 1;
	if (x->op.stream != y->op.stream)
		return x->op.stream < y->op.stream ? -1 : 1;
	return x->step < y->step ? -1 : 1;
}

/* A maker and a taker: addresses in the order in which they were freed, as malloc's are.
 */
struct pair {
	uint64_t free[BLOCKS], live[BLOCKS];
	unsigned free_count, live_count;
	unsigned freed_from; /* free is a ring: where the next one to allocate is */
};

/* The number of the block that is allocated or freed. */
static uint64_t use(struct pair *pair, bool is_free)
{
	uint64_t block;

	if (is_free) {
		unsigned i = (unsigned)draw(pair->live_count);

		block = pair->live[i];
		pair->live[i] = pair->live[--pair->live_count];
		pair->free[(pair->freed_from + pair->free_count++) % BLOCKS] = block;
	} else {
		block = pair->free[pair->freed_from];
		pair->freed_from = (pair->freed_from + 1) % BLOCKS;
		pair->free_count--;
		pair->live[pair->live_count++] = block;
	}
	return block;
}

struct clocks {
	uint64_t seen[2 * PAIRS];
	unsigned countdown[2 * PAIRS];
	uint64_t coarse_seen[2 * PAIRS];
	uint64_t coarse;
};

/* As the tracer does: the clock is read for each 16th record, and when it is known to
 * have moved, which a thread that does not come to run for long has to say. */
static uint64_t time_of(struct clocks *c, unsigned thread, uint64_t now)
{
	if (--c->countdown[thread] == 0 || c->coarse_seen[thread] != c->coarse) {
		c->countdown[thread] = CLOCK_EVERY;
		c->coarse_seen[thread] = c->coarse;
		c->seen[thread] = now;
	}
	return c->seen[thread];
}

static struct pair *new_pairs(void)
{
	struct pair *pairs = calloc(PAIRS, sizeof(*pairs));

	for (unsigned p = 0; p < PAIRS; p++) {
		for (unsigned i = 0; i < BLOCKS; i++)
			pairs[p].free[i] = i;
		pairs[p].free_count = BLOCKS;
	}
	return pairs;
}

static struct pmt_held make_history(struct pmt_live_set *set, struct told *ops,
				    uint64_t starved_ticks)
{
	struct pair *pairs = new_pairs();
	struct clocks clocks = {.coarse = 1};
	struct pmt_held live = {0};
	unsigned thread = 0, turn = 0;
	uint64_t moves_at = 0;

	for (unsigned i = 0; i < 2 * PAIRS; i++)
		clocks.countdown[i] = CLOCK_EVERY;
	for (uint64_t i = 0; i < OPS;) {
		if (turn == 0) {
			thread = (unsigned)draw(2 * PAIRS);
			turn = 1 + (unsigned)draw(draw(2) ? 4 : 400);
		}
		struct pair *pair = &pairs[thread / 2];
		bool is_free = thread % 2;

		turn--;
		if ((is_free ? pair->live_count : pair->free_count) == 0)
			continue;
		if (i >= moves_at) {
			clocks.coarse++;
			moves_at = i + draw(starved_ticks);
		}
		struct pmt_block_op op = {.tick = time_of(&clocks, thread, i + 1),
					  .stream = thread + 1,
					  .is_free = is_free};
		op.address = 16 * (1 + thread / 2 * BLOCKS + use(pair, is_free));
		if (!is_free) {
			op.bytes = op.address;
			ck_assert_int_eq(pmt_places_get(&set->places, op.stream, 1,
							PMT_PLACE_MALLOC, 0, &op.place),
					 0);
		}
		live.bytes += is_free ? -op.address : op.address;
		live.count += is_free ? (uint64_t)-1 : 1;
		ops[i] = (struct told){.op = op, .step = i};
		i++;
	}
	free(pairs);
	return live;
}

/* The drain, which moves the clocks, may not come to run for seconds. */
START_TEST(a_busy_machine_changes_nothing)
{
	struct told *ops = calloc(OPS, sizeof(*ops));

	begin_chance();
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct pmt_live_set set = {.temporary_within = 10};
		struct pmt_block_order order;
		struct pmt_held live = make_history(&set, ops, 4 * TICKS_PER_SECOND);

		qsort(ops, OPS, sizeof(*ops), by_tick);
		pmt_block_order_init(&order, &set, false, TICKS_PER_SECOND);
		for (unsigned i = 0; i < OPS; i++)
			ck_assert_int_eq(pmt_block_order_add(&order, &ops[i].op), 0);
		ck_assert_int_eq(pmt_block_order_finish(&order), 0);
		ck_assert_uint_eq(set.missed_free_count, 0);
		ck_assert_uint_eq(set.unknown_free_count, 0);
		ck_assert_uint_eq(set.places.heap.bytes, live.bytes);
		ck_assert_uint_eq(set.places.heap.count, live.count);
		ck_assert_uint_gt(order.late_count, 0);
		pmt_block_order_close(&order);
		pmt_live_set_close(&set);
	}
	free(ops);
}
END_TEST

/* Its turn is known: it does not wait for the allocation of another thread. */
START_TEST(a_free_in_its_turn_is_of_before)
{
	struct pmt_live_set set = {.temporary_within = 10};
	struct pmt_block_order order;
	struct pmt_block_op op = {
	    .address = 16, .tick = 1, .stream = 1, .is_free = true, .is_in_turn = true};

	pmt_block_order_init(&order, &set, false, TICKS_PER_SECOND);
	ck_assert_int_eq(pmt_block_order_add(&order, &op), 0);
	ck_assert_uint_eq(set.unknown_free_count, 1);
	op = (struct pmt_block_op){
	    .address = 16, .bytes = 8, .tick = 2, .stream = 2, .is_in_turn = true};
	ck_assert_int_eq(
	    pmt_places_get(&set.places, 2, 1, PMT_PLACE_OBJECT, 0, &op.place), 0);
	ck_assert_int_eq(pmt_block_order_add(&order, &op), 0);
	ck_assert_uint_eq(set.places.heap.count, 1);
	op.is_free = true;
	ck_assert_int_eq(pmt_block_order_add(&order, &op), 0);
	ck_assert_int_eq(pmt_block_order_finish(&order), 0);
	ck_assert_uint_eq(set.places.heap.count, 0);
	ck_assert_uint_eq(set.unknown_free_count, 1);
	ck_assert_uint_eq(set.double_free_count, 0);
	pmt_block_order_close(&order);
	pmt_live_set_close(&set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block_order");
	TCase *tc = tcase_create("block_order");

	tcase_add_test(tc, a_busy_machine_changes_nothing);
	tcase_add_test(tc, a_free_in_its_turn_is_of_before);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
