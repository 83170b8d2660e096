/*
 * A word in memory that the kernel changes at every page fault of one thread: the head
 * of a perf ring of page-fault events, in overwrite mode so that it never fills. Reading
 * it costs one load.
 */
#ifndef PMT_TRACER_RSS_FAULT_WORD_H
#define PMT_TRACER_RSS_FAULT_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/*
 * For the calling thread. with_kernel counts faults that system calls take for it too
 * and needs more permission. Returns 0; -EACCES or -EPERM where that is refused (also
 * -ENOENT, -ENOSYS without perf); -ENOMEM when the event was granted but not its memory
 * (a limit per user: other threads may still get theirs).
 *
 * The page is not inherited by a fork: a child must forget both results unread.
 */
int pmt_fault_word_open_self(bool with_kernel, const volatile uint64_t **ret_word,
			     void **ret_page) PMT_MUST_CHECK;

/* Unmaps the page, which ends the event. Any thread. */
void pmt_fault_word_close(void *page);

#endif
