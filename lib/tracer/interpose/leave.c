/*
 * The way out of a program that runs no destructors: _exit. What the rings hold is
 * written first; in a vfork child, which only borrows our memory, nothing is done. The
 * other such way, exec, is in spawn.c.
 */

#include <config.h>

#include <unistd.h>

#include "base/attr.h"
#include "os/sys.h"
#include "run/run.h"

PMT_EXPORT void _exit(int status)
{
	pmt_run_end(PMT_END_QUICK_EXIT, status);
	for (;;)
		pmt_syscall6(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

PMT_EXPORT void _Exit(int status)
{
	_exit(status);
}
