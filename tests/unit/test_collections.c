/* Collections: sums of their events, what the interpreter counted of them, and where it
 * keeps that. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/collections.h"
#include "support/run_suite.h"
#include "tracer/python/gc_layout.h"

static void take(struct pmt_collections *c, const struct pmt_gc_event *event,
		 uint64_t tick)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_record r = {.payload = payload};

	r.payload_bytes = (size_t)(pmt_payload_put_gc(payload, event) - payload);
	pmt_collections_add(c, &r, tick);
}

static void take_counts(struct pmt_collections *c, const struct pmt_gc_counts *counts)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_record r = {.payload = payload};

	r.payload_bytes = (size_t)(pmt_payload_put_gc_counts(payload, counts) - payload);
	ck_assert_int_eq(pmt_collections_add_counts(c, &r), 0);
}

START_TEST(events_add_up)
{
	struct pmt_collections c = {0};

	take(&c, &(struct pmt_gc_event){PMT_GC_START, 0, 0, 0, 0, 0}, 100);
	take(&c, &(struct pmt_gc_event){PMT_GC_STOP, 0, 0, 5, 0, 20}, 120);
	take(&c, &(struct pmt_gc_event){PMT_GC_STOP, 2, 0, 7, 1, 90}, 300);
	take(&c, &(struct pmt_gc_event){PMT_GC_STOP, 2, 3, 0, 0, 0}, 310);
	take(&c, &(struct pmt_gc_event){PMT_GC_STOP, 9, 0, 1, 0, 30}, 400);
	ck_assert_uint_eq(c.start_count, 1);
	ck_assert_uint_eq(c.untimed_count, 1);
	ck_assert_uint_eq(c.by_generation[0].count, 1);
	ck_assert_uint_eq(c.by_generation[1].count, 0);
	ck_assert_uint_eq(c.by_generation[2].count, 3);
	const struct pmt_collection_sums all = pmt_collections_total(&c);
	ck_assert_uint_eq(all.count, 4);
	ck_assert_uint_eq(all.collected, 13);
	ck_assert_uint_eq(all.uncollectable, 1);
	ck_assert_uint_eq(all.ticks, 140);
	ck_assert_uint_eq(all.longest_ticks, 90);
	ck_assert_uint_eq(all.longest_tick, 300);
	pmt_collections_close(&c);
}
END_TEST

START_TEST(gone_and_back)
{
	struct pmt_collections c = {0};

	take(&c, &(struct pmt_gc_event){.phase = PMT_GC_BACK}, 1);
	ck_assert_uint_eq(c.gone_count, 0);
	take(&c, &(struct pmt_gc_event){.phase = PMT_GC_GONE}, 2);
	take(&c, &(struct pmt_gc_event){.phase = PMT_GC_GONE, .interpreter = 1}, 3);
	take(&c, &(struct pmt_gc_event){.phase = PMT_GC_BACK}, 4);
	ck_assert_uint_eq(c.gone_count, 1);
	ck_assert_uint_eq(c.gone_tick, 3);
	pmt_collections_close(&c);
}
END_TEST

START_TEST(counts_from_the_first_on)
{
	struct pmt_collections c = {0};

	take_counts(&c, &(struct pmt_gc_counts){0, 1, 10, 100, 1, 1000});
	take_counts(&c, &(struct pmt_gc_counts){0, 0, 0, 0, 0, 0});
	take_counts(&c, &(struct pmt_gc_counts){0, 1, 12, 130, 2, 1700});
	take_counts(&c, &(struct pmt_gc_counts){5, 1, 3, 1, 0, 50}); /* another's first */
	take_counts(&c, &(struct pmt_gc_counts){5, 1, 4, 2, 0, 60});
	struct pmt_gc_counts sum = pmt_collections_counted(&c, 1);
	ck_assert_uint_eq(sum.collections, 3);
	ck_assert_uint_eq(sum.collected, 31);
	ck_assert_uint_eq(sum.uncollectable, 1);
	ck_assert_uint_eq(sum.duration_ns, 710);
	/* It was ended and began again. */
	take_counts(&c, &(struct pmt_gc_counts){0, 1, 2, 20, 0, 5});
	take_counts(&c, &(struct pmt_gc_counts){0, 1, 3, 21, 0, 6});
	sum = pmt_collections_counted(&c, 1);
	ck_assert_uint_eq(sum.collections, 6);
	ck_assert_uint_eq(sum.collected, 52);
	ck_assert_uint_eq(pmt_collections_counted(&c, 0).collections, 0);
	ck_assert_uint_eq(pmt_collections_counted(&c, 2).collections, 0);
	pmt_collections_close(&c);
}
END_TEST

START_TEST(too_many_interpreters_are_left_out)
{
	struct pmt_collections c = {0};

	for (uint64_t i = 0; i < 5000; i++)
		take_counts(&c, &(struct pmt_gc_counts){.interpreter = i});
	ck_assert_uint_lt(c.counted_count, 5000);
	take_counts(&c, &(struct pmt_gc_counts){.collections = 1});
	ck_assert_uint_eq(pmt_collections_counted(&c, 0).collections, 1);
	pmt_collections_close(&c);
}
END_TEST

static void put_word(char *base, size_t at, uint64_t word)
{
	memcpy(base + at, &word, sizeof(word));
}

static bool find(int minor, const char *published, const char *interpreter,
		 struct pmt_counted_generation where[3])
{
	return pmt_gc_layout_find(minor, published, interpreter, where);
}

/* As 3.13 has it: three times three words in the state itself. */
START_TEST(counts_in_a_row)
{
	static char published[1024], interpreter[8192];
	const struct pmt_gc_layout *l = pmt_gc_layout_of(13);
	struct pmt_counted_generation where[3];

	memcpy(published, "xdebugpy", 8);
	put_word(published, l->published_gc, 4000);
	ck_assert(!find(13, published, interpreter, where)); /* it says: elsewhere */
	put_word(published, l->published_collecting, l->collecting);
	ck_assert(find(13, published, interpreter, where));
	for (int i = 0; i < 3; i++) {
		ck_assert_ptr_eq(where[i].items, interpreter + 4000 + l->stats + 24 * i);
		ck_assert_ptr_null(where[i].newest);
		ck_assert_uint_eq(where[i].seconds_off, 0);
	}
	published[0]++;
	ck_assert(!find(13, published, interpreter, where));
	ck_assert(!find(13, NULL, interpreter, where));
	ck_assert(!find(12, published, interpreter, where));
	ck_assert(!find(16, published, interpreter, where));
}
END_TEST

/* As 3.15 has it: items and an index, behind a pointer. */
START_TEST(counts_behind_a_pointer)
{
	static char published[1024], interpreter[8192], stats[2048];
	const struct pmt_gc_layout *l = pmt_gc_layout_of(15);
	struct pmt_counted_generation where[3];

	memcpy(published, "xdebugpy", 8);
	put_word(published, l->published_gc, 4000);
	put_word(published, l->published_collecting, l->collecting);
	put_word(published, l->published_stats, l->stats);
	ck_assert(!find(15, published, interpreter, where));
	put_word(published, l->published_stats_size, l->stats_size);
	ck_assert(!find(15, published, interpreter, where)); /* no pointer yet */
	put_word(interpreter, 4000u + l->stats, (uintptr_t)stats);
	ck_assert(find(15, published, interpreter, where));
	ck_assert_ptr_eq(where[0].items, stats);
	ck_assert_ptr_eq(where[0].newest, (int8_t *)stats + 11 * 64);
	ck_assert_ptr_eq(where[1].newest, (const int8_t *)where[1].items + 3 * 64);
	ck_assert_ptr_eq(where[2].newest, (const int8_t *)where[2].items + 3 * 64);
	ck_assert_ptr_eq(where[2].items, where[1].items + 3 * 64 + 8);
	ck_assert_uint_eq(where[1].item_bytes, 64);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("collections");
	TCase *tc = tcase_create("collections");

	tcase_add_test(tc, events_add_up);
	tcase_add_test(tc, gone_and_back);
	tcase_add_test(tc, counts_from_the_first_on);
	tcase_add_test(tc, too_many_interpreters_are_left_out);
	tcase_add_test(tc, counts_in_a_row);
	tcase_add_test(tc, counts_behind_a_pointer);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
