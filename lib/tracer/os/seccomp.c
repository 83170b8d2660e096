/* What the kernel says of the calling thread; see seccomp.h. */
#include "os/seccomp.h"

#include <sys/prctl.h>

#include "os/sys.h"

static int mode_at_start;

static int mode(void)
{
	return (int)pmt_syscall6(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0);
}

void pmt_seccomp_note(void)
{
	mode_at_start = mode();
}

bool pmt_seccomp_is_new(void)
{
	return mode() != mode_at_start;
}
