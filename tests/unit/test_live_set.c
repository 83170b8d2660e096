/* The live set against a naive one: random histories of allocations, frees and mappings,
 * in their order and as threads' streams give them, late and merged. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/block_order.h"
#include "support/run_suite.h"
#include "tests/support/chance.h"

enum { SLOTS = 64, OPS = 20000, THREADS = 5, PAGES = 256, ROUNDS = 20, SHARED = 4096 };

static uint32_t place(struct pmt_live_set *set, uint32_t stream, uint32_t context,
		      enum pmt_place_kind kind)
{
	uint32_t found;

	ck_assert_int_eq(pmt_places_get(&set->places, stream, context, kind, 0, &found),
			 0);
	return found;
}

static struct pmt_held sum(const struct pmt_places *places, bool at_peak)
{
	struct pmt_held held = {0};

	for (uint32_t i = 0; i < places->count; i++) {
		const struct pmt_place *p = &places->items[i];

		held.bytes += at_peak ? p->at[PMT_MOMENT_HEAP].bytes : p->live.bytes;
		held.count += at_peak ? p->at[PMT_MOMENT_HEAP].count : p->live.count;
	}
	return held;
}

/* --- one thread: every moment, the peak, and what was live at it --- */

struct naive {
	uint64_t bytes[SLOTS]; /* 0: not live */
	uint32_t places[SLOTS];
	uint64_t live, peak;
	uint64_t at_peak[SLOTS];
};

static void naive_step(struct naive *n, unsigned slot, uint64_t bytes, uint32_t at)
{
	n->live += bytes - n->bytes[slot];
	n->bytes[slot] = bytes;
	n->places[slot] = at;
	if (n->live > n->peak) {
		n->peak = n->live;
		memset(n->at_peak, 0, sizeof(n->at_peak));
		for (unsigned i = 0; i < SLOTS; i++)
			n->at_peak[n->places[i]] += n->bytes[i];
	}
}

START_TEST(every_moment_is_exact)
{
	struct pmt_live_set set = {.temporary_within = 10};
	struct naive n = {.live = 0};

	begin_chance();
	for (unsigned i = 0; i < OPS; i++) {
		unsigned slot = (unsigned)draw(SLOTS);
		struct pmt_block_op op = {
		    .address = 16 + slot * 16,
		    .tick = i,
		    .stream = 1,
		    .is_free = n.bytes[slot] != 0,
		};

		if (!op.is_free) {
			op.bytes = 1 + draw(100000);
			op.place =
			    place(&set, 1, (uint32_t)draw(SLOTS), PMT_PLACE_MALLOC);
		}
		ck_assert(pmt_live_set_fits(&set, &op));
		ck_assert_int_eq(pmt_live_set_apply(&set, &op), 0);
		naive_step(&n, slot, op.bytes, op.is_free ? n.places[slot] : op.place);
		ck_assert_uint_eq(set.places.heap.bytes, n.live);
		ck_assert_uint_eq(set.places.moments[PMT_MOMENT_HEAP].heap.bytes, n.peak);
	}
	pmt_places_finish(&set.places);
	for (uint32_t i = 0; i < set.places.count; i++)
		ck_assert_uint_eq(set.places.items[i].at[PMT_MOMENT_HEAP].bytes,
				  n.at_peak[i]);
	ck_assert_uint_eq(sum(&set.places, true).bytes, n.peak);
	pmt_live_set_close(&set);
}
END_TEST

/* --- mappings: page by page --- */

START_TEST(parts_of_mappings_are_exact)
{
	struct pmt_live_set set = {.temporary_within = 10};
	uint32_t owner[PAGES] = {0}; /* place + 1 */

	begin_chance();
	for (unsigned i = 0; i < OPS / 10; i++) {
		uint64_t from = draw(PAGES), count = 1 + draw(16);
		struct pmt_block_op op = {.stream = 1, .is_map = true};
		bool is_live = false;

		if (from + count > PAGES)
			count = PAGES - from;
		op.address = 4096 * (from + 1);
		op.bytes = 4096 * count;
		for (uint64_t k = from; k < from + count; k++)
			is_live |= owner[k] != 0;
		op.is_free = is_live;
		if (!is_live)
			op.place = place(&set, 1, i % 50, PMT_PLACE_MAPPED);
		ck_assert_int_eq(pmt_live_set_apply(&set, &op), 0);
		for (uint64_t k = from; k < from + count; k++)
			owner[k] = is_live ? 0 : op.place + 1;
		uint64_t pages[64] = {0};
		for (unsigned k = 0; k < PAGES; k++)
			pages[owner[k]]++;
		for (uint32_t k = 0; k < set.places.count; k++)
			ck_assert_uint_eq(set.places.items[k].live.bytes,
					  4096 * pages[k + 1]);
	}
	ck_assert_uint_eq(set.unknown_free_count, 0);
	ck_assert_uint_eq(set.missed_free_count, 0);
	pmt_live_set_close(&set);
}
END_TEST

/* --- threads: late clocks, what addresses prove --- */

struct late {
	struct pmt_block_op op;
	uint64_t order;
};

static int by_tick(const void *a, const void *b)
{
	const struct late *x = a, *y = b;

	if (x->op.tick != y->op.tick)
		return x->op.tick < y->op.tick ? -1 : 1;
	if (x->op.stream != y->op.stream)
		return x->op.stream < y->op.stream ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* A true history, told by threads that look at the clock now and then only. An address
 * comes again seldom within that time, as malloc's do: where three threads pass one on
 * within it, nobody could tell the order. */
static uint64_t make_history(struct pmt_live_set *set, struct late *ops)
{
	uint64_t live = 0, bytes[SHARED] = {0}, clock[THREADS] = {0};

	for (unsigned i = 0; i < OPS; i++) {
		unsigned slot = (unsigned)draw(SHARED), thread = (unsigned)draw(THREADS);

		if (draw(8) == 0)
			clock[thread] = i;
		ops[i] = (struct late){
		    .op = {.address = 16 + slot * 16,
			   .tick = clock[thread],
			   .stream = thread + 1,
			   .is_free = bytes[slot] != 0},
		    .order = i,
		};
		if (!ops[i].op.is_free) {
			ops[i].op.bytes = 1 + slot;
			ops[i].op.place =
			    place(set, thread + 1, (uint32_t)draw(9), PMT_PLACE_MALLOC);
		}
		live += ops[i].op.bytes - bytes[slot];
		bytes[slot] = ops[i].op.bytes;
	}
	qsort(ops, OPS, sizeof(*ops), by_tick);
	return live;
}

START_TEST(addresses_prove_the_order_of_threads)
{
	struct late *ops = calloc(OPS, sizeof(*ops));

	begin_chance();
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct pmt_live_set set = {.temporary_within = 10};
		struct pmt_block_order order;
		uint64_t live = make_history(&set, ops);

		pmt_block_order_init(&order, &set, false, OPS);
		for (unsigned i = 0; i < OPS; i++)
			ck_assert_int_eq(pmt_block_order_add(&order, &ops[i].op), 0);
		ck_assert_int_eq(pmt_block_order_finish(&order), 0);
		/* Three threads at one address within the clocks' bound: one in some
		 * hundred rounds. */
		uint64_t wrong = set.unknown_free_count + set.missed_free_count;
		ck_assert_uint_le(wrong, 3);
		if (wrong == 0)
			ck_assert_uint_eq(set.places.heap.bytes, live);
		ck_assert_uint_eq(sum(&set.places, false).bytes, set.places.heap.bytes);
		ck_assert_uint_eq(sum(&set.places, false).count, set.blocks.count);
		ck_assert(order.late_count > 0);
		pmt_block_order_close(&order);
		pmt_live_set_close(&set);
	}
	free(ops);
}
END_TEST

/* --- what does not fit --- */

static void take(struct pmt_live_set *set, uint64_t address, uint64_t bytes)
{
	struct pmt_block_op op = {
	    .address = address, .bytes = bytes, .stream = 1, .is_free = bytes == 0};

	if (!op.is_free)
		op.place = place(set, 1, 1, PMT_PLACE_MALLOC);
	ck_assert_int_eq(pmt_live_set_apply(set, &op), 0);
}

START_TEST(what_does_not_fit_is_counted)
{
	struct pmt_live_set set = {.temporary_within = 10};

	take(&set, 16, 0); /* nobody saw it come */
	take(&set, 32, 100);
	take(&set, 32, 0);
	take(&set, 32, 0); /* twice */
	take(&set, 48, 100);
	take(&set, 48, 7); /* nobody saw it go */
	ck_assert_uint_eq(set.unknown_free_count, 2);
	ck_assert_uint_eq(set.double_free_count, 1);
	ck_assert_uint_eq(set.missed_free_count, 1);
	ck_assert_uint_eq(set.places.heap.bytes, 7);
	ck_assert_uint_eq(set.places.items[0].temporary.count, 1);
	pmt_live_set_close(&set);
}
END_TEST

/* Its thread does not go on: ten seconds. */
START_TEST(waiting_ends)
{
	struct pmt_live_set set = {.temporary_within = 10};
	struct pmt_block_order order;
	struct pmt_block_op early = {
	    .address = 16, .tick = 5, .stream = 1, .is_free = true};
	struct pmt_block_op other = {.address = 32, .tick = 200, .stream = 2, .bytes = 8};

	other.place = place(&set, 2, 1, PMT_PLACE_MALLOC);
	pmt_block_order_init(&order, &set, false, 10);
	ck_assert_int_eq(pmt_block_order_add(&order, &early), 0);
	ck_assert_uint_eq(set.unknown_free_count, 0);
	ck_assert_int_eq(pmt_block_order_add(&order, &other), 0);
	ck_assert_int_eq(pmt_block_order_add(&order, &other), 0);
	ck_assert_uint_eq(set.unknown_free_count, 1);
	ck_assert_int_eq(pmt_block_order_finish(&order), 0);
	ck_assert_uint_eq(set.missed_free_count, 1);
	pmt_block_order_close(&order);
	pmt_live_set_close(&set);
}
END_TEST

/* Its thread looks at the clock again: what happened before that has been read. */
START_TEST(a_deadline_ends_waiting)
{
	struct pmt_live_set set = {.temporary_within = 10};
	struct pmt_block_order order;
	struct pmt_block_op early = {
	    .address = 16, .tick = 5, .stream = 1, .is_free = true};
	struct pmt_block_op next = {.address = 32, .tick = 20, .stream = 1, .bytes = 8};
	struct pmt_block_op other = {.address = 48, .tick = 22, .stream = 2, .bytes = 8};

	next.place = other.place = place(&set, 2, 1, PMT_PLACE_MALLOC);
	pmt_block_order_init(&order, &set, false, 10);
	ck_assert_int_eq(pmt_block_order_add(&order, &early), 0);
	ck_assert_int_eq(pmt_block_order_add(&order, &next), 0);
	ck_assert_int_eq(pmt_block_order_add(&order, &other), 0);
	ck_assert_uint_eq(set.unknown_free_count, 0);
	other.tick = 24;
	other.address = 64;
	ck_assert_int_eq(pmt_block_order_add(&order, &other), 0);
	ck_assert_uint_eq(set.unknown_free_count, 1);
	pmt_block_order_close(&order);
	pmt_live_set_close(&set);
}
END_TEST

/* A thread that waited long for the processor bears an old time: what it did behind the
 * cut seems to lie before it, but what must lie between does not. */
START_TEST(behind_a_cut_nothing_is_guessed)
{
	struct pmt_live_set set = {.temporary_within = 10};
	struct pmt_block_order order;
	struct pmt_block_op first = {.address = 16, .tick = 5, .stream = 2, .bytes = 8};
	struct pmt_block_op again = {.address = 16, .tick = 6, .stream = 2, .bytes = 99};
	struct pmt_block_op unknown = {
	    .address = 32, .tick = 7, .stream = 1, .is_free = true};
	struct pmt_block_op next = {.address = 32, .tick = 7, .stream = 1, .bytes = 5};

	first.place = again.place = next.place = place(&set, 2, 1, PMT_PLACE_MALLOC);
	pmt_block_order_init(&order, &set, false, 500);
	ck_assert_int_eq(pmt_block_order_add(&order, &first), 0);
	ck_assert_int_eq(pmt_block_order_add(&order, &again), 0);
	ck_assert_int_eq(pmt_block_order_add(&order, &unknown), 0);
	ck_assert_int_eq(pmt_block_order_add(&order, &next), 0);
	/* The free of the first by stream 1 comes no more. */
	ck_assert_int_eq(pmt_block_order_cut(&order), 0);
	ck_assert_uint_eq(set.missed_free_count, 0);
	ck_assert_uint_eq(set.unknown_free_count, 1);
	ck_assert_uint_eq(set.places.heap.bytes, 8 + 5);
	pmt_block_order_close(&order);
	pmt_live_set_close(&set);
}
END_TEST

/* A free whose allocation nobody saw, and its thread gets the address again and again
 * within the bound: what waits behind it stays short, or reading would take the square
 * of it. */
START_TEST(what_waits_at_an_address_stays_short)
{
	struct pmt_live_set set = {.temporary_within = 10};
	struct pmt_block_order order;
	struct pmt_block_op op = {.address = 16, .stream = 1, .is_free = true};

	op.place = place(&set, 1, 1, PMT_PLACE_MALLOC);
	pmt_block_order_init(&order, &set, false, 500);
	ck_assert_int_eq(pmt_block_order_add(&order, &op), 0);
	for (unsigned i = 0; i < 10 * OPS; i++) {
		size_t waiting = 0;

		op.is_free = i % 2;
		op.bytes = op.is_free ? 0 : 8;
		op.ordinal += !op.is_free;
		ck_assert_int_eq(pmt_block_order_add(&order, &op), 0);
		for (size_t k = order.queue.begun; i % 1000 == 0 && k < order.queue.count;
		     k++)
			waiting += !order.queue.waiting[k].is_done;
		ck_assert_uint_le(waiting, PMT_CHAIN_MAX);
	}
	ck_assert_int_eq(pmt_block_order_finish(&order), 0);
	ck_assert_uint_eq(set.unknown_free_count, 1);
	ck_assert_uint_eq(set.missed_free_count, 0);
	ck_assert_uint_eq(set.places.heap.bytes, 0);
	ck_assert_uint_eq(set.places.items[0].allocated.count, 5 * OPS);
	pmt_block_order_close(&order);
	pmt_live_set_close(&set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live_set");
	TCase *tc = tcase_create("live_set");

	tcase_add_test(tc, every_moment_is_exact);
	tcase_add_test(tc, parts_of_mappings_are_exact);
	tcase_add_test(tc, addresses_prove_the_order_of_threads);
	tcase_add_test(tc, what_does_not_fit_is_counted);
	tcase_add_test(tc, waiting_ends);
	tcase_add_test(tc, a_deadline_ends_waiting);
	tcase_add_test(tc, what_waits_at_an_address_stays_short);
	tcase_add_test(tc, behind_a_cut_nothing_is_guessed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
