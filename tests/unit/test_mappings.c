/*
 * The account of mappings against a model that knows every page: random maps, unmaps of
 * parts and moves must leave file_mapped_bytes exact and the two sums together equal to
 * the model's whole.
 */
#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "support/run_suite.h"
#include "tracer/counters/mappings.h"

enum { WORLD_PAGES = 4096, STEPS = 20000, THREADS = 4 };
enum kind { NONE, ANONYMOUS, OF_FILE };

static size_t page_bytes;
static unsigned char world[WORLD_PAGES];
static struct pmt_thread thread;

static const void *address_of(unsigned page)
{
	return (const void *)(((uintptr_t)1 << 32) + page * page_bytes);
}

static int64_t pages_of(enum kind kind)
{
	int64_t pages = 0;

	for (unsigned i = 0; i < WORLD_PAGES; i++)
		pages += world[i] == kind;
	return pages;
}

static void paint(unsigned from, unsigned count, enum kind kind)
{
	for (unsigned i = from; i < from + count; i++)
		world[i] = (unsigned char)kind;
}

static void map(unsigned from, unsigned count, enum kind kind)
{
	pmt_mappings_count_mapped_self(&thread, address_of(from), count * page_bytes,
				       kind == OF_FILE);
	paint(from, count, kind);
}

/* Returns how many pages of the range were not mapped: they count all the same. */
static int64_t unmap(unsigned from, unsigned count)
{
	struct pmt_unmapping u = pmt_mappings_take(address_of(from), count * page_bytes);
	int64_t holes = 0;

	for (unsigned i = from; i < from + count; i++)
		holes += world[i] == NONE;
	pmt_mappings_count_unmapped_self(&thread, &u);
	paint(from, count, NONE);
	return holes;
}

static unsigned random_below(unsigned limit)
{
	return (unsigned)random() % limit;
}

static void begin(void)
{
	const char *seed = getenv("PMT_SEED");
	unsigned value = seed ? (unsigned)atoi(seed) : (unsigned)time(NULL);

	page_bytes = (size_t)getpagesize();
	printf("PMT_SEED=%u\n", value);
	fflush(stdout);
	srandom(value);
}

START_TEST(test_random_ranges_against_a_model)
{
	int64_t page, holes = 0;

	begin();
	page = (int64_t)page_bytes;
	for (int step = 0; step < STEPS; step++) {
		unsigned from = random_below(WORLD_PAGES - 64),
			 count = 1 + random_below(63);

		if (random_below(2)) {
			holes += unmap(from, count); /* as MAP_FIXED does */
			map(from, count, random_below(3) ? OF_FILE : ANONYMOUS);
		} else {
			holes += unmap(from, count);
		}
		ck_assert_int_eq(thread.sums.file_mapped_bytes, pages_of(OF_FILE) * page);
		ck_assert_int_eq(thread.sums.mapped_bytes,
				 (pages_of(ANONYMOUS) - holes) * page);
	}
	for (unsigned i = 0; i < WORLD_PAGES; i += 7)
		ck_assert_int_eq(pmt_mappings_is_file(address_of(i)),
				 world[i] == OF_FILE);
}
END_TEST

START_TEST(test_failed_call_changes_nothing)
{
	begin();
	map(10, 20, OF_FILE);
	struct pmt_unmapping u = pmt_mappings_take(address_of(10), 20 * page_bytes);
	ck_assert(!pmt_mappings_is_file(address_of(15)));
	pmt_mappings_put_back(&u);
	ck_assert(pmt_mappings_is_file(address_of(15)));
	unmap(10, 20);
	ck_assert_int_eq(thread.sums.file_mapped_bytes, 0);
	ck_assert_int_eq(thread.sums.mapped_bytes, 0);
}
END_TEST

START_TEST(test_sizes_are_whole_pages)
{
	begin();
	pmt_mappings_count_mapped_self(&thread, address_of(0), 1, false);
	ck_assert_int_eq(thread.sums.mapped_bytes, (int64_t)page_bytes);
	struct pmt_unmapping u = pmt_mappings_take(address_of(0), page_bytes - 1);
	pmt_mappings_count_unmapped_self(&thread, &u);
	ck_assert_int_eq(thread.sums.mapped_bytes, 0);
}
END_TEST

/* More files than the table holds: the rest counts as anonymous, coming and going. */
START_TEST(test_full_table_stays_balanced)
{
	begin();
	for (unsigned i = 0; i < PMT_FILE_MAPPINGS_MAX + 100; i++)
		map(2 * i, 1, OF_FILE);
	ck_assert_int_eq(thread.sums.file_mapped_bytes,
			 (int64_t)(PMT_FILE_MAPPINGS_MAX * page_bytes));
	ck_assert_int_eq(thread.sums.mapped_bytes, (int64_t)(100 * page_bytes));
	for (unsigned i = 0; i < PMT_FILE_MAPPINGS_MAX + 100; i++)
		unmap(2 * i, 1);
	ck_assert_int_eq(thread.sums.file_mapped_bytes, 0);
	ck_assert_int_eq(thread.sums.mapped_bytes, 0);
}
END_TEST

/* Each thread maps and unmaps files of its own; the table is theirs together. */
static void *churn(void *arg)
{
	static struct pmt_thread threads[THREADS];
	uintptr_t number = (uintptr_t)arg;
	struct pmt_thread *t = &threads[number];

	for (unsigned i = 0; i < 2000; i++) {
		const void *at = address_of((unsigned)number * 1000 + i % 100 * 8);

		pmt_mappings_count_mapped_self(t, at, 8 * page_bytes, true);
		struct pmt_unmapping u = pmt_mappings_take(at, 4 * page_bytes);
		pmt_mappings_count_unmapped_self(t, &u);
		u = pmt_mappings_take((const char *)at + 4 * page_bytes, 4 * page_bytes);
		pmt_mappings_count_unmapped_self(t, &u);
		if (t->sums.file_mapped_bytes != 0 || t->sums.mapped_bytes != 0)
			return t;
	}
	return NULL;
}

START_TEST(test_threads_do_not_disturb_each_other)
{
	pthread_t ids[THREADS];
	void *complaint;

	begin();
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&ids[i], NULL, churn, (void *)i);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(ids[i], &complaint);
		ck_assert_ptr_null(complaint);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mappings");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_random_ranges_against_a_model);
	tcase_add_test(tc, test_failed_call_changes_nothing);
	tcase_add_test(tc, test_sizes_are_whole_pages);
	tcase_add_test(tc, test_full_table_stays_balanced);
	tcase_add_test(tc, test_threads_do_not_disturb_each_other);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
