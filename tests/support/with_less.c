/*
 * with_less [perf=ERRNO] [user] PROGRAM [ARGUMENT]... runs a program that may do less:
 *
 *   perf=ERRNO  perf_event_open fails with that number, as under a container's filter
 *               (EPERM 1) or the default of Debian and Ubuntu (EACCES 13)
 *   user        as a user that is nobody else, who may lock no memory; but may still
 *               read and write the tester's files
 *
 * Exits with 77 where it may not set that up itself.
 */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SKIP = 77, FIRST_UID = 100000 };

static void require(int result, const char *what)
{
	if (result == 0)
		return;
	perror(what);
	exit(SKIP);
}

static void refuse_perf(unsigned error)
{
	struct sock_filter rules[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = 4, .filter = rules};

	require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), "seccomp");
}

static void become_ordinary(void)
{
	uid_t uid = FIRST_UID + (uid_t)getpid();
	struct rlimit none = {0, 0};
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2] = {{0}};
	unsigned kept = 1u << CAP_DAC_OVERRIDE;

	require(setrlimit(RLIMIT_MEMLOCK, &none), "setrlimit");
	require(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keepcaps");
	require(setgid(uid), "setgid");
	require(setuid(uid), "setuid");
	caps[0] = (struct __user_cap_data_struct){kept, kept, kept};
	require((int)syscall(SYS_capset, &header, caps), "capset");
	require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0),
		"ambient");
}

int main(int argc, char **argv)
{
	int at = 1;

	for (; at < argc; at++) {
		if (strncmp(argv[at], "perf=", 5) == 0)
			refuse_perf((unsigned)atoi(argv[at] + 5));
		else if (strcmp(argv[at], "user") == 0)
			become_ordinary();
		else
			break;
	}
	if (at == argc)
		return 2;
	execvp(argv[at], argv + at);
	perror(argv[at]);
	return 127;
}
