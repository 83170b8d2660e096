/*
 * What comes to a process while the tracer is at work, for programs that load this by
 * ctypes: a signal whose handler leaves for good while the trace is being written, and
 * threads that fork at the same moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPORT    __attribute__((visibility("default")))
#define LOAD(x)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, x))
#define RETURN(x) BPF_STMT(BPF_RET | BPF_K, x)

enum { THREADS_MAX = 8 };

static int install(struct sock_filter *filter, size_t count)
{
	struct sock_fprog program = {(unsigned short)count, filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		return errno;
	return 0;
}

/* From now on no thread is to be had; processes are. 0 or an errno. */
EXPORT int refuse_threads(void)
{
	struct sock_filter filter[] = {
	    LOAD(nr),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
	    RETURN(SECCOMP_RET_ERRNO | ENOSYS), /* glibc takes the older one */
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
	    LOAD(args[0]),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
	    RETURN(SECCOMP_RET_ERRNO | EAGAIN),
	    RETURN(SECCOMP_RET_ALLOW),
	};

	return install(filter, sizeof(filter) / sizeof(*filter));
}

static void leave_by_exit(int number)
{
	(void)number;
	_exit(7);
}

static void leave_by_exec(int number)
{
	(void)number;
	execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
	_exit(8);
}

/* From now on a signal interrupts whoever opens a file the way the tracer opens its trace
 * to append to it, and the handler ends the program with 7. 0 or an errno. */
EXPORT int leave_when_writing(int by_exec)
{
	struct sock_filter filter[] = {
	    LOAD(nr),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
	    LOAD(args[2]),
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_APPEND | O_NOFOLLOW),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_APPEND | O_NOFOLLOW, 0, 1),
	    RETURN(SECCOMP_RET_TRAP),
	    RETURN(SECCOMP_RET_ALLOW),
	};
	struct sigaction action = {.sa_handler = by_exec ? leave_by_exec : leave_by_exit};

	if (sigaction(SIGSYS, &action, NULL))
		return errno;
	return install(filter, sizeof(filter) / sizeof(*filter));
}

static pthread_barrier_t start;

static void *fork_once(void *ret_status)
{
	int *status = ret_status;

	pthread_barrier_wait(&start);
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	if (child < 0 || waitpid(child, status, 0) != child)
		*status = -1;
	return NULL;
}

/* That many threads fork at the same moment; returns how many children ended well. */
EXPORT int fork_together(int count)
{
	pthread_t threads[THREADS_MAX];
	int statuses[THREADS_MAX], well = 0;

	if (count > THREADS_MAX || pthread_barrier_init(&start, NULL, (unsigned)count))
		return -1;
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, fork_once, &statuses[i]))
			_exit(9);
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		well += statuses[i] == 0;
	}
	pthread_barrier_destroy(&start);
	return well;
}
