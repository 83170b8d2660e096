/* The map of live blocks against a plain array of what should be in it; its size a block;
 * its limit; threads that free each other's blocks; and what a forked child finds. */
#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/chance.h"
#include "support/run_suite.h"
#include "tracer/live/block_slots.h"
#include "tracer/live/sole.h"

#define HEAP      UINT64_C(0x7f1234500000)
#define UNLIMITED UINT64_MAX

enum {
	PLACES = 20000, /* where blocks may lie */
	STEPS = 400000,
	UNIT = 16,
	SLOT_BYTES = 16,
	BYTES_A_BLOCK = 60, /* the budget of the issue, to be stayed below */
	MANY = 300000,
	FEW = 20000, /* from here on the budget holds: below, a page a shard is more */
	THREADS = 4,
	HANDED = 20000, /* blocks a thread puts, and another takes */
};

/* Check's assertions write to a file each time: too slow for what is done so often. */
#define EXPECT(condition)                                                                \
	do {                                                                             \
		if (!(condition))                                                        \
			ck_abort_msg("%s", #condition);                                  \
	} while (0)

/* As the only thread that puts and takes, without locked operations. */
static bool is_alone;

static enum pmt_block_put put_any(struct pmt_block_map *map, uint64_t address,
				  uint64_t value, uint64_t *ret_old)
{
	return is_alone ? pmt_block_map_put_here(map, address, value, ret_old, true)
			: pmt_block_map_put(map, address, value, ret_old);
}

static enum pmt_block_take take_any(struct pmt_block_map *map, uint64_t address,
				    uint64_t *ret_value)
{
	return is_alone ? pmt_block_map_take_here(map, address, ret_value, true)
			: pmt_block_map_take(map, address, ret_value);
}

static void put_new(struct pmt_block_map *map, uint64_t address, uint64_t value)
{
	uint64_t old;

	EXPECT(put_any(map, address, value, &old) == PMT_PUT_NEW);
}

static void take_known(struct pmt_block_map *map, uint64_t address, uint64_t value)
{
	uint64_t found;

	EXPECT(take_any(map, address, &found) == PMT_TAKE_FOUND);
	EXPECT(found == value);
}

static void take_unknown(struct pmt_block_map *map, uint64_t address)
{
	uint64_t found;

	EXPECT(take_any(map, address, &found) == PMT_TAKE_UNKNOWN);
}

START_TEST(test_empty)
{
	struct pmt_block_map map = {.most_bytes = UNLIMITED};

	take_unknown(&map, HEAP);
	ck_assert_uint_eq(pmt_block_map_count(&map), 0);
	ck_assert_uint_eq(map.bytes, 0);
}
END_TEST

START_TEST(test_replaces)
{
	struct pmt_block_map map = {.most_bytes = UNLIMITED};
	uint64_t old = 0;

	put_new(&map, HEAP, 7);
	ck_assert_int_eq(pmt_block_map_put(&map, HEAP, 8, &old), PMT_PUT_REPLACED);
	ck_assert_uint_eq(old, 7);
	ck_assert_uint_eq(pmt_block_map_count(&map), 1);
	take_known(&map, HEAP, 8);
	take_unknown(&map, HEAP);
	pmt_block_map_close(&map);
}
END_TEST

/* One step of a program that allocates and frees at random places; value 0: not live. */
static void step(struct pmt_block_map *map, uint64_t *values, uint64_t i)
{
	uint64_t place = draw(PLACES), address = HEAP + place * UNIT;
	/* It grows in the first half, and shrinks in the second. */
	bool wants_put = draw(8) < (i < STEPS / 2 ? 6 : 2);
	uint64_t old;

	if (!wants_put) {
		if (values[place])
			take_known(map, address, values[place]);
		else
			take_unknown(map, address);
		values[place] = 0;
		return;
	}
	if (values[place]) {
		EXPECT(put_any(map, address, i, &old) == PMT_PUT_REPLACED);
		EXPECT(old == values[place]);
	} else {
		put_new(map, address, i);
	}
	values[place] = i;
}

START_TEST(test_against_an_array)
{
	struct pmt_block_map map = {.most_bytes = UNLIMITED};
	uint64_t *values = calloc(PLACES, sizeof(*values)), live = 0;

	is_alone = _i;
	begin_chance();
	for (uint64_t i = 1; i <= STEPS; i++)
		step(&map, values, i);
	for (uint64_t place = 0; place < PLACES; place++)
		live += values[place] != 0;
	ck_assert_uint_eq(pmt_block_map_count(&map), live);
	for (uint64_t place = 0; place < PLACES; place++)
		if (values[place])
			take_known(&map, HEAP + place * UNIT, values[place]);
	ck_assert_uint_eq(pmt_block_map_count(&map), 0);
	free(values);
	pmt_block_map_close(&map);
}
END_TEST

/* Of a heap of blocks of one size, and of one of mixed sizes. */
START_TEST(test_bytes_a_block)
{
	static const uint64_t sizes[] = {16, 32, 48, 64, 1024, 4096, 65536, 0};
	struct pmt_block_map map = {.most_bytes = UNLIMITED};
	uint64_t address = HEAP, size = sizes[_i];

	begin_chance();
	for (uint64_t count = 1; count <= MANY; count++) {
		put_new(&map, address, count);
		address += size ? size : UNIT * (2 + draw(64));
		EXPECT(count < FEW || map.bytes < BYTES_A_BLOCK * count);
	}
	pmt_block_map_close(&map);
	ck_assert_uint_eq(map.bytes, 0);
}
END_TEST

/* What does not fit is refused, what is there stays, and its place can be had again. */
START_TEST(test_limit)
{
	struct pmt_block_map map = {.most_bytes = 1 << 20};
	uint64_t put = 0, refused = 0, old;
	static bool is_in[MANY];

	is_alone = _i;
	for (uint64_t i = 0; i < MANY; i++) {
		enum pmt_block_put result = put_any(&map, HEAP + i * 64, i, &old);
		is_in[i] = result == PMT_PUT_NEW;
		put += is_in[i];
		refused += result == PMT_PUT_FULL;
		EXPECT(map.bytes <= map.most_bytes);
	}
	ck_assert_uint_eq(put + refused, MANY);
	ck_assert_uint_eq(pmt_block_map_count(&map), put);
	ck_assert_uint_gt(put, map.most_bytes / SLOT_BYTES / 2);
	for (uint64_t i = 0; i < MANY; i++) {
		if (!is_in[i]) {
			take_unknown(&map, HEAP + i * 64);
			continue;
		}
		take_known(&map, HEAP + i * 64, i);
		put_new(&map, HEAP + i * 64, i);
	}
	pmt_block_map_close(&map);
}
END_TEST

/* A holder that does not go on is not waited for without end. */
START_TEST(test_busy)
{
	struct pmt_block_map map = {.most_bytes = UNLIMITED};
	uint64_t value;

	put_new(&map, HEAP, 1);
	for (int i = 0; i < PMT_BLOCK_SHARDS; i++)
		pmt_store32_release(&map.shards[i].lock, 1);
	ck_assert_int_eq(pmt_block_map_put(&map, HEAP, 2, &value), PMT_PUT_BUSY);
	ck_assert_int_eq(pmt_block_map_take(&map, HEAP, &value), PMT_TAKE_BUSY);
	for (int i = 0; i < PMT_BLOCK_SHARDS; i++)
		pmt_store32_release(&map.shards[i].lock, 0);
	take_known(&map, HEAP, 1);
	pmt_block_map_close(&map);
}
END_TEST

/* --- threads: each takes what its neighbour put, as soon as it is told --- */

struct worker {
	pthread_t id;
	struct pmt_block_map *map;
	struct pmt_sole *sole; /* NULL: all take the locks */
	struct pmt_sole_thread self;
	struct worker *next;
	_Atomic uint64_t put_count; /* blocks in the map that `next` may take */
	uint64_t number;
	uint64_t wrong_count;
};

static uint64_t address_of(const struct worker *w, uint64_t i)
{
	return HEAP + (i * THREADS + w->number) * 48;
}

/* As detail=live does: the first worker without locks, until the second comes. */
static enum pmt_sole_way enter(struct worker *w)
{
	return w->sole ? pmt_sole_enter_self(w->sole, &w->self) : PMT_SOLE_SHARED;
}

static enum pmt_block_put put_of(struct worker *w, uint64_t address, uint64_t value)
{
	enum pmt_sole_way way = enter(w);
	uint64_t old;

	if (way == PMT_SOLE_BUSY)
		return PMT_PUT_BUSY;
	enum pmt_block_put result =
	    pmt_block_map_put_here(w->map, address, value, &old, way == PMT_SOLE_ALONE);
	pmt_sole_leave_self(&w->self, way);
	return result;
}

static enum pmt_block_take take_of(struct worker *w, uint64_t address,
				   uint64_t *ret_value)
{
	enum pmt_sole_way way = enter(w);

	if (way == PMT_SOLE_BUSY)
		return PMT_TAKE_BUSY;
	enum pmt_block_take result =
	    pmt_block_map_take_here(w->map, address, ret_value, way == PMT_SOLE_ALONE);
	pmt_sole_leave_self(&w->self, way);
	return result;
}

static void take_from(struct worker *w, const struct worker *other, uint64_t i)
{
	uint64_t value = 0;
	enum pmt_block_take result;

	while (pmt_load_acquire(&other->put_count) <= i)
		sched_yield();
	do
		result = take_of(w, address_of(other, i), &value);
	while (result == PMT_TAKE_BUSY);
	if (result != PMT_TAKE_FOUND || value != (i << 8 | other->number))
		w->wrong_count++;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	uint64_t behind = 1000 + w->number;
	enum pmt_block_put result;

	for (uint64_t i = 0; i < HANDED; i++) {
		do
			result = put_of(w, address_of(w, i), i << 8 | w->number);
		while (result == PMT_PUT_BUSY);
		w->wrong_count += result != PMT_PUT_NEW;
		pmt_store_release(&w->put_count, i + 1);
		if (i >= behind)
			take_from(w, w->next, i - behind);
	}
	for (uint64_t i = HANDED - behind; i < HANDED; i++)
		take_from(w, w->next, i);
	return NULL;
}

START_TEST(test_threads)
{
	struct pmt_block_map map = {.most_bytes = UNLIMITED};
	struct worker workers[THREADS];
	struct pmt_sole sole = {0};

	pmt_sole_open(&sole);
	memset(workers, 0, sizeof(workers));
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i].map = &map;
		workers[i].sole = _i ? &sole : NULL;
		workers[i].next = &workers[(i + 1) % THREADS];
		workers[i].number = i;
	}
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&workers[i].id, NULL, work, &workers[i]),
				 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].id, NULL);
	for (int i = 0; i < THREADS; i++)
		ck_assert_uint_eq(workers[i].wrong_count, 0);
	ck_assert_uint_eq(pmt_block_map_count(&map), 0);
	pmt_block_map_close(&map);
}
END_TEST

/* --- fork --- */

/* The blocks that the child misses; 100 and more: something else was wrong. */
static int look_in_child(struct pmt_block_map *map, const struct pmt_block_shard *held)
{
	uint64_t expected = pmt_block_map_count(map) - held->count, value;
	uint64_t held_count = held->count, missed = 0;

	if (pmt_block_map_after_fork(map) != held_count)
		return 101;
	if (pmt_block_map_count(map) != expected)
		return 102;
	for (uint64_t i = 0; i < FEW; i++) {
		if (pmt_block_map_take(map, HEAP + i * 64, &value) != PMT_TAKE_FOUND)
			missed++;
		else if (value != i)
			return 103;
	}
	if (missed != held_count || pmt_block_map_count(map))
		return 104;
	put_new(map, HEAP, 1);
	return 0;
}

/* The shard that another thread of the parent was changing is emptied, no other. */
START_TEST(test_fork)
{
	struct pmt_block_map map = {.most_bytes = UNLIMITED};
	struct pmt_block_shard *held = &map.shards[5];
	int status = 0;

	for (uint64_t i = 0; i < FEW; i++)
		put_new(&map, HEAP + i * 64, i);
	ck_assert_uint_gt(held->count, 0);
	pmt_store32_release(&held->lock, 1);
	pid_t pid = fork();
	if (pid == 0)
		_exit(look_in_child(&map, held));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	pmt_store32_release(&held->lock, 0);
	for (uint64_t i = 0; i < FEW; i++)
		take_known(&map, HEAP + i * 64, i);
	pmt_block_map_close(&map);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block_map");
	TCase *tcase = tcase_create("block_map");

	tcase_add_test(tcase, test_empty);
	tcase_add_test(tcase, test_replaces);
	tcase_add_loop_test(tcase, test_against_an_array, 0, 2);
	tcase_add_loop_test(tcase, test_bytes_a_block, 0, 8);
	tcase_add_loop_test(tcase, test_limit, 0, 2);
	tcase_add_test(tcase, test_busy);
	tcase_add_loop_test(tcase, test_threads, 0, 2);
	tcase_add_test(tcase, test_fork);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
