/* The shared memory of the rings: where it lies, how it grows, what is used again, and
 * that nothing is written into a file that is somebody else's. */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/run_suite.h"
#include "tracer/ring/area.h"

enum { DATA_BYTES = 65536, STRIDE = PMT_RING_CONTROL_BYTES + DATA_BYTES, THREADS = 8 };

static char folder[] = "/tmp/area.XXXXXX";
static char trace_path[64], ring_path[80];
static struct pmt_area area;
static struct pmt_options options = {.ring_size_bytes = DATA_BYTES, .quiet = true};
static struct pmt_file_header header;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(trace_path, sizeof(trace_path), "%s/trace.bin", folder);
	snprintf(ring_path, sizeof(ring_path), "%s.ring", trace_path);
}

static void teardown(void)
{
	unlink(ring_path);
	rmdir(folder);
}

static void open_area(uint32_t place)
{
	options.ring = place;
	ck_assert_int_eq(pmt_area_open(&area, &options, &header, trace_path), 0);
}

START_TEST(test_a_file_beside_the_trace_grows)
{
	struct stat st;

	open_area(PMT_RING_FILE);
	ck_assert_str_eq(area.path, ring_path);
	for (uint32_t i = 0; i < 3; i++) {
		struct pmt_slot_map *map = pmt_area_take_slot(&area, 100 + i);
		ck_assert_ptr_nonnull(map);
		ck_assert(!map->is_private);
		ck_assert_uint_eq(map->slot->stream, i);
		ck_assert_uint_eq(map->slot->os_tid, 100 + i);
		memset(map->data, 'a' + (int)i, DATA_BYTES);
		ck_assert_int_eq(stat(ring_path, &st), 0);
		ck_assert_int_eq(st.st_size, PMT_RING_CONTROL_BYTES + (i + 1) * STRIDE);
		/* Reserved, not sparse: a full disk cannot kill at a write. */
		ck_assert_int_ge(st.st_blocks * 512, st.st_size);
	}
	/* What a reader in another process finds. */
	char at[2];
	int fd = open(ring_path, O_RDONLY);
	ck_assert_int_eq(pread(fd, at, 1, PMT_RING_CONTROL_BYTES + 2 * STRIDE - 1), 1);
	ck_assert_int_eq(at[0], 'b');
	close(fd);
	pmt_area_close(&area);
	ck_assert_int_lt(access(ring_path, F_OK), 0);
}
END_TEST

START_TEST(test_a_free_slot_is_used_again)
{
	open_area(PMT_RING_FILE);
	struct pmt_slot_map *first = pmt_area_take_slot(&area, 1);
	pmt_area_take_slot(&area, 2);
	ck_assert(!pmt_area_has_free_slot(&area));
	pmt_store_relaxed(&first->slot->head, 500);
	pmt_store_relaxed(&first->slot->tail, 200);
	ck_assert_uint_eq(pmt_area_unread_bytes(&area, false), 300);
	ck_assert_uint_eq(pmt_area_unread_bytes(&area, true), 0);
	pmt_area_free_slot(first);
	ck_assert_uint_eq(pmt_area_unread_bytes(&area, false), 0);
	ck_assert(pmt_area_has_free_slot(&area));
	ck_assert_ptr_eq(pmt_area_take_slot(&area, 3), first);
	ck_assert_uint_eq(first->slot->stream, 2); /* a stream of its own */
	ck_assert_uint_eq(pmt_load_relaxed(&first->slot->head), 0);
	ck_assert_uint_eq(pmt_area_slot_count(&area), 2);
}
END_TEST

/* The file is gone, or another has its name: the slot is private, and counted so. */
START_TEST(test_grows_into_no_foreign_file)
{
	struct stat st;

	open_area(PMT_RING_FILE);
	ck_assert_int_eq(unlink(ring_path), 0);
	ck_assert(pmt_area_take_slot(&area, 1)->is_private);
	close(open(ring_path, O_CREAT | O_WRONLY, 0600));
	struct pmt_slot_map *map = pmt_area_take_slot(&area, 2);
	ck_assert(map->is_private);
	memset(map->data, 1, DATA_BYTES);
	pmt_store_relaxed(&map->slot->head, 77);
	ck_assert_uint_eq(pmt_area_unread_bytes(&area, true), 77);
	ck_assert_uint_eq(pmt_area_unread_bytes(&area, false), 0);
	ck_assert_int_eq(stat(ring_path, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
}
END_TEST

START_TEST(test_private_memory_serves_too)
{
	open_area(PMT_RING_IN_PROCESS);
	ck_assert_str_eq(area.path, "");
	struct pmt_slot_map *map = pmt_area_take_slot(&area, 1);
	ck_assert(map->is_private);
	memset(map->data, 1, DATA_BYTES);
	ck_assert_int_lt(access(ring_path, F_OK), 0);
}
END_TEST

static void *take_many(void *unused)
{
	for (int i = 0; i < 200; i++) {
		struct pmt_slot_map *map = pmt_area_take_slot(&area, 1);
		ck_assert_ptr_nonnull(map);
		pmt_area_free_slot(map);
	}
	return unused;
}

/* Eight threads come and go 200 times each: never more slots than threads. */
START_TEST(test_threads_share_the_slots)
{
	pthread_t threads[THREADS];

	open_area(PMT_RING_IN_PROCESS);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, take_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_le(pmt_area_slot_count(&area), THREADS);
	ck_assert_uint_eq(pmt_load32_relaxed(&area.next_stream), THREADS * 200);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("area");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_a_file_beside_the_trace_grows);
	tcase_add_test(tc, test_a_free_slot_is_used_again);
	tcase_add_test(tc, test_grows_into_no_foreign_file);
	tcase_add_test(tc, test_private_memory_serves_too);
	tcase_add_test(tc, test_threads_share_the_slots);
	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
