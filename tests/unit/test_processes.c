/* The family of a run: found beside the trace by run id, put in order. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/processes.h"
#include "format/format.h"
#include "support/run_suite.h"
#include "support/scene.h"
#include "support/trace_writer.h"

static const char *write_scene(const char *name, const char *scene)
{
	struct test_bytes trace = {NULL, 0, 0};

	test_scene_build(scene, PMT_CODEC_LZ4, &trace);
	const char *path = test_write_file(name, &trace);
	test_bytes_close(&trace);
	return path;
}

START_TEST(children_stand_behind_their_parents)
{
	const char *path =
	    write_scene("trace.bin", "process pid=10 how=exit status=3\n"
				     "info argv python3|pool.py\n"
				     "sample +10ms rss=4M peak=5M heap=7\n");
	write_scene("trace.bin.11", "process pid=11 at=5ms how=quick_exit\n"
				    "info parent_pid 10\n");
	write_scene("trace.bin.12", "process pid=12 at=6ms how=exec\n"
				    "info parent_pid 10\n");
	write_scene("trace.bin.13", "process pid=13 at=7ms how=none\n"
				    "info parent_pid 11\n");
	write_scene("trace.bin.12.1", "process pid=12 generation=1 at=8ms\n"
				      "info parent_pid 10\n");
	struct pmt_processes all;
	ck_assert_int_eq(pmt_processes_find(path, &all), 0);
	static const struct {
		uint32_t pid, generation, depth;
	} expected[] = {{10, 0, 0}, {11, 0, 1}, {13, 0, 2}, {12, 0, 1}, {12, 1, 2}};
	ck_assert_uint_eq(all.count, 5);
	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(all.items[i].pid, expected[i].pid);
		ck_assert_uint_eq(all.items[i].generation, expected[i].generation);
		ck_assert_uint_eq(all.items[i].depth, expected[i].depth);
		ck_assert(all.items[i].is_this == (i == 0));
	}
	ck_assert_str_eq(all.items[0].command, "python3 pool.py");
	ck_assert_uint_eq(all.items[0].peak_rss_bytes, 5 << 20);
	ck_assert_int_eq(all.items[0].peak_heap_bytes, 7);
	ck_assert_uint_eq(all.items[0].duration_ns, 10000000);
	ck_assert_int_eq(all.items[0].how, PMT_END_EXIT);
	ck_assert_int_eq(all.items[0].status, 3);
	ck_assert(!all.items[2].ended);
	ck_assert(!all.items[2].running);
	ck_assert_int_eq(all.items[3].how, PMT_END_EXEC);
	ck_assert_uint_eq(all.items[2].parent, 1);
	pmt_processes_close(&all);
}
END_TEST

/* Other runs, files that are no traces, pipes and folders are passed by. */
START_TEST(strangers_are_passed_by)
{
	const char *path = write_scene("trace.bin", "process pid=10\n");
	struct test_bytes other = {NULL, 0, 0}, text = {NULL, 0, 0};
	struct pmt_file_header header;
	char name[300];

	test_scene_build("process pid=20\n", PMT_CODEC_NONE, &other);
	memcpy(&header, other.bytes, sizeof(header));
	header.run_id[0] ^= 1;
	test_file_header_seal(&header);
	memcpy(other.bytes, &header, sizeof(header));
	test_write_file("trace.bin.20", &other);
	test_bytes_add(&text, "PMTRACE", 7);
	test_write_file("trace.bin.21", &text);
	snprintf(name, sizeof(name), "%s/trace.bin.22", test_folder());
	ck_assert_int_eq(mkfifo(name, 0600), 0);
	struct pmt_processes all;
	ck_assert_int_eq(pmt_processes_find(path, &all), 0);
	ck_assert_uint_eq(all.count, 1);
	ck_assert_uint_eq(all.unreadable_count, 0);
	pmt_processes_close(&all);
	unlink(name);
	test_bytes_close(&other);
	test_bytes_close(&text);
}
END_TEST

START_TEST(a_missing_trace_gives_nothing)
{
	struct pmt_processes all;

	ck_assert_int_eq(pmt_processes_find("/nowhere/trace.bin", &all), 0);
	ck_assert_uint_eq(all.count, 0);
	ck_assert_uint_eq(all.unreadable_count, 1);
	pmt_processes_close(&all);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("processes");
	TCase *tc = tcase_create("processes");

	tcase_add_test(tc, children_stand_behind_their_parents);
	tcase_add_test(tc, strangers_are_passed_by);
	tcase_add_test(tc, a_missing_trace_gives_nothing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
