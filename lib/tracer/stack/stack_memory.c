/*
 * Mostly resident as it is touched, which is as deep as the thread's stacks are. But
 * where calls have figures of the resident set, a page of ours that comes later would be
 * one of the function that runs then: there all is resident at once, and counted as ours.
 */
#include "stack/stack_memory.h"

#include <sys/mman.h>

#include "os/sys.h"
#include "rss/own_memory.h"
#include "run/run.h"

static bool is_accounted(void)
{
	return pmt_run->options->modes & PMT_MODE_CALLS;
}

void *pmt_stack_memory_map(size_t size)
{
	if (is_accounted())
		return pmt_own_map(size, PMT_OWN_ABSENT);
	void *at = pmt_sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (pmt_sys_is_error(at))
		return NULL;
	pmt_sys_madvise(at, size, MADV_WIPEONFORK);
	pmt_sys_madvise(at, size, MADV_NOHUGEPAGE);
	return at;
}

void pmt_stack_memory_unmap(void *at, size_t size)
{
	if (at && is_accounted())
		pmt_own_unmap(at, size);
	else if (at)
		pmt_sys_munmap(at, size);
}
