/* What /proc says of processes, next to what the process knows itself. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/run_suite.h"
#include "tracer/os/process_stat.h"

static unsigned tasks(void)
{
	DIR *folder = opendir("/proc/self/task");
	unsigned count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2; /* . and .. */
}

START_TEST(test_self_is_what_getrusage_says)
{
	struct pmt_process_stat stat, again;
	struct rusage usage;

	ck_assert(pmt_process_stat_read(0, &stat));
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	ck_assert(pmt_process_stat_read(getpid(), &again));
	ck_assert_int_eq(stat.state, 'R');
	ck_assert_uint_eq(stat.start, again.start);
	ck_assert_uint_gt(stat.start, 0);
	ck_assert_uint_le(stat.minor_faults, (uint64_t)usage.ru_minflt);
	ck_assert_uint_ge(again.minor_faults, (uint64_t)usage.ru_minflt);
	ck_assert_uint_eq(stat.thread_count, tasks()); /* TSan has one of its own */
	ck_assert_uint_ge(stat.vms_bytes, stat.rss_pages * (uint64_t)getpagesize());
	/* Both are the high-water mark, the second read a little later. */
	uint64_t peak = pmt_process_rss_peak_bytes();
	ck_assert_uint_ge(peak + (1 << 20), (uint64_t)usage.ru_maxrss * 1024);
}
END_TEST

/* The name is the program's to choose; fields are counted behind its last parenthesis. */
START_TEST(test_a_name_like_a_stat_line)
{
	struct pmt_process_stat before, after;

	ck_assert(pmt_process_stat_read(0, &before));
	prctl(PR_SET_NAME, ") Z 1 (2) x", 0, 0, 0);
	ck_assert(pmt_process_stat_read(0, &after));
	ck_assert_int_eq(after.state, 'R');
	ck_assert_uint_eq(after.start, before.start);
}
END_TEST

START_TEST(test_the_dead_and_the_gone)
{
	struct pmt_process_stat stat = {.state = '#'};
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	ck_assert(pmt_process_stat_read(pid, &stat));
	ck_assert_int_eq(stat.state, 'Z');
	waitpid(pid, NULL, 0);
	stat.state = '#';
	ck_assert(!pmt_process_stat_read(pid, &stat));
	ck_assert_int_eq(stat.state, '#'); /* untouched */
}
END_TEST

START_TEST(test_files_are_read_whole_or_cut)
{
	char text[8];

	ck_assert_int_eq(pmt_process_read_file("/nowhere", text, sizeof(text)), -ENOENT);
	ck_assert_int_eq(pmt_process_read_file("/proc/self/status", text, sizeof(text)),
			 7);
	ck_assert_int_eq(strncmp(text, "Name:\t", 6), 0);
	ck_assert_int_eq(text[7], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process_stat");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_self_is_what_getrusage_says);
	tcase_add_test(tc, test_a_name_like_a_stat_line);
	tcase_add_test(tc, test_the_dead_and_the_gone);
	tcase_add_test(tc, test_files_are_read_whole_or_cut);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
