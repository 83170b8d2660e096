/*
 * The traced program as our child, so that whoever started us sees the program: signals
 * go through to it, it stops and goes on with us, and it dies when we are killed.
 */
#ifndef PMT_RUN_CHILD_H
#define PMT_RUN_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "base/attr.h"

struct pmt_child {
	pid_t pid;
	int status; /* as wait(2) gives it, once pmt_child_wait returned */
	/* What the program shall find as we found it. */
	sigset_t caller_mask;
	struct sigaction caller_sigchld;
	sigset_t watched; /* blocked in us, taken by pmt_child_wait */
};

/*
 * Starts argv[0], looked up in PATH. 0, or a negative errno: of execvp (with exec_failed
 * set), or of what came before.
 */
int pmt_child_start(struct pmt_child *child, char *const *argv,
		    int *ret_exec_failed) PMT_MUST_CHECK;

/* Passes signals on until the program has ended. */
void pmt_child_wait(struct pmt_child *child);

/* Dies as the program did: of the same signal, without a core file. Returns only when
 * that is not possible. */
void pmt_child_die_alike(const struct pmt_child *child);

#endif
