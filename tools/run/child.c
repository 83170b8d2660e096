/*
 * Runs the program. Signals are blocked and taken with sigwaitinfo, one after the other:
 * no handler, no race between a signal and wait.
 */
#include "config.h"

#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not ours to pass on: faults of our own, the stops that a terminal sends to the whole
 * group, and a pipe that only we wrote to. */
static const int unwatched[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP,
				SIGSYS,  SIGABRT, SIGPIPE, SIGTTIN, SIGTTOU};

static void watch(struct pmt_child *child)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL};

	sigfillset(&child->watched);
	for (size_t i = 0; i < sizeof(unwatched) / sizeof(*unwatched); i++)
		sigdelset(&child->watched, unwatched[i]);
	/* With SIG_IGN, which may be inherited, there would be no status to wait for. */
	sigaction(SIGCHLD, &by_default, &child->caller_sigchld);
	sigprocmask(SIG_BLOCK, &child->watched, &child->caller_mask);
}

static void unwatch(const struct pmt_child *child)
{
	sigaction(SIGCHLD, &child->caller_sigchld, NULL);
	sigprocmask(SIG_SETMASK, &child->caller_mask, NULL);
}

/* In the child: becomes the program, or tells errno through the pipe. */
static void become(const struct pmt_child *child, char *const *argv, pid_t parent,
		   int error_fd)
{
	/* Killing us by SIGKILL, which cannot be passed on, kills the program. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	unwatch(child);
	execvp(argv[0], argv);
	int error = errno;
	while (write(error_fd, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	_exit(1);
}

int pmt_child_start(struct pmt_child *child, char *const *argv, int *ret_exec_failed)
{
	pid_t parent = getpid();
	int error_pipe[2], error = 0;
	ssize_t got;

	*ret_exec_failed = false;
	if (pipe2(error_pipe, O_CLOEXEC) < 0)
		return -errno;
	watch(child);
	child->pid = fork();
	if (child->pid < 0) {
		error = errno;
		unwatch(child);
		close(error_pipe[0]);
		close(error_pipe[1]);
		return -error;
	}
	if (child->pid == 0)
		become(child, argv, parent, error_pipe[1]);
	close(error_pipe[1]);
	do {
		got = read(error_pipe[0], &error, sizeof(error));
	} while (got < 0 && errno == EINTR);
	close(error_pipe[0]);
	if (got != (ssize_t)sizeof(error))
		return 0;
	unwatch(child);
	waitpid(child->pid, NULL, 0);
	*ret_exec_failed = true;
	return -error;
}

/* Job control: the shell waits for us to stop as the program did. Returns when it lets us
 * go on. */
static void stop_alike(int number)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL}, before;
	sigset_t only, mask;

	sigemptyset(&only);
	sigaddset(&only, number);
	sigaction(number, &by_default, &before);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &only, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(number, &before, NULL);
}

/* Takes what wait has to say; true when the program has ended. */
static bool has_ended(struct pmt_child *child)
{
	int status;

	while (waitpid(child->pid, &status, WNOHANG | WUNTRACED) == child->pid) {
		if (!WIFSTOPPED(status)) {
			child->status = status;
			return true;
		}
		/* Somebody who sends SIGSTOP to the program alone does not mean us. */
		if (WSTOPSIG(status) != SIGSTOP)
			stop_alike(WSTOPSIG(status));
	}
	return false;
}

static void pass_on(const struct pmt_child *child, const siginfo_t *info)
{
	/* The terminal sends to the whole group: the program has it already. */
	if (info->si_code == SI_KERNEL)
		return;
	if (info->si_code == SI_QUEUE)
		sigqueue(child->pid, info->si_signo, info->si_value);
	else
		kill(child->pid, info->si_signo);
}

void pmt_child_wait(struct pmt_child *child)
{
	siginfo_t info;

	while (!has_ended(child)) {
		if (sigwaitinfo(&child->watched, &info) < 0 || info.si_signo == SIGCHLD)
			continue;
		pass_on(child, &info);
	}
	unwatch(child);
}

void pmt_child_die_alike(const struct pmt_child *child)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL};
	struct rlimit no_core = {0, 0};
	sigset_t only;

	/* The program has left its own core; where they go through a pipe the limit alone
	 * would not hold ours back. */
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_DUMPABLE, 0);
	sigaction(WTERMSIG(child->status), &by_default, NULL);
	sigemptyset(&only);
	sigaddset(&only, WTERMSIG(child->status));
	raise(WTERMSIG(child->status));
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}
