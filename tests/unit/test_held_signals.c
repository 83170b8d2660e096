/* A write of ours that the kernel answers with a signal: the program does not get it, and
 * keeps those that are its own. Each test is a process, so that a signal can end it. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/run_suite.h"
#include "tracer/os/held_signals.h"
#include "tracer/os/sys.h"

static ssize_t write_held(int fd)
{
	struct pmt_held_signals held;

	pmt_signals_hold(&held);
	ssize_t result = pmt_sys_write(fd, "x", 1);
	pmt_signals_release(&held, result);
	return result;
}

static int pipe_without_reader(void)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	return ends[1];
}

static bool is_pending(int sig)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, sig);
}

START_TEST(test_a_pipe_without_reader_raises_nothing)
{
	signal(SIGPIPE, SIG_DFL);
	ck_assert_int_eq(write_held(pipe_without_reader()), -EPIPE);
	ck_assert(!is_pending(SIGPIPE));
}
END_TEST

START_TEST(test_a_limit_of_size_raises_nothing)
{
	struct rlimit before, none;
	char name[] = "/tmp/held_signals.XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	unlink(name);
	signal(SIGXFSZ, SIG_DFL);
	getrlimit(RLIMIT_FSIZE, &before);
	none = (struct rlimit){0, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &none);
	ssize_t result = write_held(fd);
	setrlimit(RLIMIT_FSIZE, &before); /* check writes into a file */
	ck_assert_int_eq(result, -EFBIG);
	ck_assert(!is_pending(SIGXFSZ));
}
END_TEST

START_TEST(test_the_program_keeps_its_own)
{
	sigset_t set;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGPIPE);
	ck_assert_int_eq(write_held(pipe_without_reader()), -EPIPE);
	ck_assert(is_pending(SIGPIPE));
}
END_TEST

START_TEST(test_the_mask_is_as_before)
{
	sigset_t set, after;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_SETMASK, &set, NULL);
	ck_assert_int_eq(write_held(-1), -EBADF);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		ck_assert_int_eq(sigismember(&after, sig), sig == SIGUSR1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("held_signals");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_a_pipe_without_reader_raises_nothing);
	tcase_add_test(tc, test_a_limit_of_size_raises_nothing);
	tcase_add_test(tc, test_the_program_keeps_its_own);
	tcase_add_test(tc, test_the_mask_is_as_before);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
