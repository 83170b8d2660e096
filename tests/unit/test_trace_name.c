/* Which file a process writes, and what becomes of those that are there already. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/run_suite.h"
#include "tracer/drain/trace_name.h"
#include "tracer/os/process_stat.h"

static char folder[64];
static struct pmt_file_header header;
static char path[256];
static bool is_foreign;

static void setup(void)
{
	struct pmt_process_stat stat;

	strcpy(folder, "/tmp/trace_name.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert(pmt_process_stat_read(0, &stat));
	memcpy(header.magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES);
	memset(header.run_id, 7, sizeof(header.run_id));
	header.pid = (uint32_t)getpid();
	header.process_start = stat.start;
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* A file of that name and content. */
static void put(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static int create(void)
{
	int fd =
	    pmt_trace_name_create(path, sizeof(path), "trace.bin", &header, &is_foreign);
	if (fd >= 0)
		close(fd);
	return fd;
}

static bool is_there(const char *name)
{
	return access(name, F_OK) == 0;
}

START_TEST(test_a_new_file_is_ours_alone)
{
	struct stat st;

	umask(0);
	ck_assert_int_ge(create(), 0);
	ck_assert_str_eq(path, "trace.bin");
	ck_assert_uint_eq(header.generation, 0);
	ck_assert(!is_foreign);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(st.st_size, 0);
}
END_TEST

START_TEST(test_a_dead_process_makes_way)
{
	struct pmt_file_header dead = header;

	memset(dead.run_id, 8, sizeof(dead.run_id));
	dead.process_start++; /* the pid is another's now */
	put("trace.bin.old", "older", 5);
	put("trace.bin", &dead, sizeof(dead));
	ck_assert_int_ge(create(), 0);
	ck_assert_str_eq(path, "trace.bin");
	struct stat st;
	ck_assert_int_eq(stat("trace.bin.old", &st), 0);
	ck_assert_int_eq(st.st_size, sizeof(dead));
}
END_TEST

START_TEST(test_a_living_process_and_this_run_stay)
{
	struct pmt_file_header owner = header;
	char expected[64];

	memset(owner.run_id, 8, sizeof(owner.run_id));
	put("trace.bin", &owner, sizeof(owner)); /* this process is alive */
	ck_assert_int_ge(create(), 0);
	snprintf(expected, sizeof(expected), "trace.bin.%d", getpid());
	ck_assert_str_eq(path, expected);
	ck_assert_uint_eq(header.generation, 1);
	ck_assert(!is_foreign);

	owner = header;
	owner.process_start++; /* dead, but of our run */
	put("trace.bin", &owner, sizeof(owner));
	put(expected, &owner, sizeof(owner));
	ck_assert_int_ge(create(), 0);
	snprintf(expected, sizeof(expected), "trace.bin.%d.1", getpid());
	ck_assert_str_eq(path, expected);
	ck_assert_uint_eq(header.generation, 2);
	ck_assert(!is_there("trace.bin.old"));
}
END_TEST

START_TEST(test_what_is_no_trace_stays)
{
	put("trace.bin", "somebody's", 10);
	ck_assert_int_ge(create(), 0);
	ck_assert(is_foreign);
	ck_assert(!is_there("trace.bin.old"));
	put("trace.bin", "", 0); /* nothing in it to lose */
	ck_assert_int_ge(create(), 0);
	ck_assert_str_eq(path, "trace.bin");
}
END_TEST

START_TEST(test_no_regular_file)
{
	ck_assert_int_eq(mkfifo("trace.bin", 0600), 0);
	ck_assert_int_eq(create(), -EINVAL);
	unlink("trace.bin");
	ck_assert_int_eq(mkdir("trace.bin", 0700), 0);
	ck_assert_int_eq(create(), -EINVAL);
	rmdir("trace.bin");
	ck_assert_int_eq(symlink("nowhere", "trace.bin"), 0);
	ck_assert_int_eq(create(), -ELOOP);
	ck_assert_int_eq(
	    pmt_trace_name_create(path, 8, "trace.bin", &header, &is_foreign),
	    -ENAMETOOLONG);
	ck_assert_int_eq(
	    pmt_trace_name_create(path, sizeof(path), "no/t", &header, &is_foreign),
	    -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace_name");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_a_new_file_is_ours_alone);
	tcase_add_test(tc, test_a_dead_process_makes_way);
	tcase_add_test(tc, test_a_living_process_and_this_run_stay);
	tcase_add_test(tc, test_what_is_no_trace_stays);
	tcase_add_test(tc, test_no_regular_file);
	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
