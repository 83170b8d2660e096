/* The ring: records stay whole and in order through wraps, filler, a full ring and
 * positions round the 32-bit boundary; with a producer and a drain on two threads, which
 * is what ThreadSanitizer looks at. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/record.h"
#include "support/run_suite.h"
#include "tracer/ring/ring.h"

enum { SIZE = 4096 };

static struct pmt_ring_slot slot;
static _Alignas(64) uint8_t data[SIZE];
static struct pmt_ring ring;
static unsigned asked, asked_to_wait;
static bool refuse;

/* Counts, and acts as the drain when asked to wait. */
static bool take_all(struct pmt_ring *r, bool must_wait)
{
	asked++;
	asked_to_wait += must_wait;
	if (!must_wait || refuse)
		return !must_wait;
	const uint8_t *bytes;
	size_t count;
	while ((count = pmt_ring_peek_drain(r->slot, r->data, r->size, &bytes)) != 0)
		pmt_ring_consume_drain(r->slot, count);
	return true;
}

static void open_at(uint64_t position, pmt_ring_pressure_fn *pressure)
{
	memset(&slot, 0, sizeof(slot));
	memset(data, 0xee, sizeof(data));
	asked = asked_to_wait = 0;
	refuse = false;
	pmt_store_relaxed(&slot.head, position);
	pmt_store_relaxed(&slot.tail, position);
	pmt_ring_open(&ring, &slot, data, SIZE, pressure);
}

/* A record of the test: its length, then that many bytes that follow from its number. */
static bool push(uint32_t number, uint8_t length)
{
	uint8_t *begin = pmt_ring_begin_sp(&ring);

	if (!begin)
		return false;
	begin[0] = length;
	for (unsigned i = 1; i < length; i++)
		begin[i] = (uint8_t)(number + i) & 0x7f;
	pmt_ring_commit_sp(&ring, begin, begin + length);
	return true;
}

static uint8_t length_of(uint32_t number)
{
	return (uint8_t)(5 + number * 2654435761u % 120);
}

/* Reads what the drain gives; returns the number of the next record. One assertion for
 * all: each costs check a system call. */
static uint32_t check_bytes(const uint8_t *bytes, size_t count, uint32_t next)
{
	bool good = true;

	for (size_t at = 0; at < count && good;) {
		if (bytes[at] == PMT_RING_FILLER) {
			at++;
			continue;
		}
		/* Never cut by the wrap. */
		good = bytes[at] == length_of(next) && at + bytes[at] <= count;
		for (unsigned i = 1; good && i < bytes[at]; i++)
			good = bytes[at + i] == ((next + i) & 0x7f);
		at += bytes[at];
		next++;
	}
	ck_assert_msg(good, "record %u is not what was pushed", next - 1);
	return next;
}

static uint32_t drain(uint32_t next)
{
	const uint8_t *bytes;
	size_t count = pmt_ring_peek_drain(&slot, data, SIZE, &bytes);

	ck_assert_uint_le(bytes + count - data, SIZE);
	next = check_bytes(bytes, count, next);
	pmt_ring_consume_drain(&slot, count);
	return next;
}

static const uint64_t starts[] = {0, SIZE, (1ull << 32) - 3 * SIZE, (1ull << 32) - 64,
				  UINT64_MAX / 2 / SIZE *SIZE};

START_TEST(test_records_come_out_whole)
{
	uint32_t pushed = 0, taken = 0;

	open_at(starts[_i], take_all);
	while (taken < 2000) {
		for (unsigned i = 0; i < pushed % 7 + 1; i++) {
			ck_assert(push(pushed, length_of(pushed)));
			pushed++;
		}
		while (taken < pushed)
			taken = drain(taken);
	}
	ck_assert_uint_eq(asked_to_wait, 0);
	ck_assert_uint_gt(asked, 4 * 2000 * 50 / SIZE); /* each quarter says so */
	ck_assert_uint_eq(pmt_load_relaxed(&slot.head), pmt_load_relaxed(&slot.tail));
}
END_TEST

START_TEST(test_full_ring_refuses_and_goes_on)
{
	uint32_t pushed = 0;

	open_at(starts[_i], take_all);
	refuse = true;
	while (push(pushed, length_of(pushed)))
		pushed++;
	ck_assert_uint_eq(asked_to_wait, 1);
	/* Waiting in vain at the same tail once is enough. */
	for (int i = 0; i < 10; i++)
		ck_assert(!push(pushed, length_of(pushed)));
	ck_assert_uint_eq(asked_to_wait, 1);
	ck_assert_uint_le(pmt_load_relaxed(&slot.head) - pmt_load_relaxed(&slot.tail),
			  SIZE);
	uint32_t taken = drain(0);
	while (taken < pushed) {
		uint32_t before = taken;
		taken = drain(taken);
		ck_assert_uint_gt(taken, before);
	}
	ck_assert(push(pushed, length_of(pushed)));
	while (taken == pushed) /* filler may come first */
		taken = drain(taken);
	ck_assert_uint_eq(taken, pushed + 1);
}
END_TEST

START_TEST(test_waiting_makes_room)
{
	open_at(0, take_all);
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert(push(i, length_of(i)));
	ck_assert_uint_gt(asked_to_wait, 10);
}
END_TEST

START_TEST(test_large_records)
{
	open_at(SIZE - 300, take_all);
	ck_assert_ptr_null(pmt_ring_make_room_sp(&ring, SIZE / 4 + 1));
	uint8_t *begin = pmt_ring_make_room_sp(&ring, SIZE / 4);
	/* It did not fit before the end: the rest is filler, the record is in one piece.
	 */
	ck_assert_ptr_eq(begin, data);
	for (unsigned i = SIZE - 300; i < SIZE; i++)
		ck_assert_uint_eq(data[i], PMT_RING_FILLER);
	ck_assert_uint_eq(pmt_load_relaxed(&slot.head), SIZE);
	pmt_ring_commit_sp(&ring, begin, begin + SIZE / 4);
	ck_assert_uint_eq(pmt_load_relaxed(&slot.head), SIZE + SIZE / 4);
}
END_TEST

/* --- two threads ---------------------------------------------------------------------
 */

enum { RECORDS = 50000 };

static _Atomic uint32_t finished;

static bool wait_for_drain(struct pmt_ring *r, bool must_wait)
{
	while (must_wait && pmt_load_acquire(&r->slot->tail) == r->seen_tail)
		sched_yield();
	return true;
}

static void *produce(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < RECORDS; i++)
		if (!push(i, length_of(i)))
			abort();
	pmt_store32_release(&finished, 1);
	return NULL;
}

START_TEST(test_producer_and_drain)
{
	pthread_t thread;
	uint32_t taken = 0;

	open_at(starts[_i], wait_for_drain);
	pmt_store32_release(&finished, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, produce, NULL), 0);
	for (;;) {
		uint32_t was_finished = pmt_load32_acquire(&finished);
		uint32_t before = taken;
		taken = drain(taken);
		if (taken == before)
			sched_yield();
		if (was_finished && taken == before &&
		    pmt_load_acquire(&slot.head) == pmt_load_relaxed(&slot.tail))
			break;
	}
	pthread_join(thread, NULL);
	ck_assert_uint_eq(taken, RECORDS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ring");
	TCase *tests = tcase_create("ring");
	int count = sizeof(starts) / sizeof(starts[0]);

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, test_records_come_out_whole, 0, count);
	tcase_add_loop_test(tests, test_full_ring_refuses_and_goes_on, 0, count);
	tcase_add_test(tests, test_waiting_makes_room);
	tcase_add_test(tests, test_large_records);
	tcase_add_loop_test(tests, test_producer_and_drain, 0, count);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
