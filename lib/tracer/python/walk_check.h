/*
 * Trust, but verify: before the first stack is read from the interpreter's memory, one
 * that is known through its API is read and compared. A version whose layout differs
 * gets no stacks instead of wrong ones.
 */
#ifndef PMT_TRACER_PYTHON_WALK_CHECK_H
#define PMT_TRACER_PYTHON_WALK_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Finds the layout, checks it and sets pmt_frames. NULL, or why there are no stacks. The
 * wrappers of malloc must be recording and emitter.ours set. No exception is left. */
const char *pmt_walk_check_gil(void);

/* An allocation so large is the one that the check waits for; 0: no check is on. */
extern PMT_HIDDEN size_t pmt_walk_check_bytes;
void pmt_walk_check_take(void);

/* From malloc, for allocations of our own. */
PMT_INLINE void pmt_walk_check_note(size_t requested_bytes)
{
	if (PMT_UNLIKELY(pmt_walk_check_bytes && requested_bytes >= pmt_walk_check_bytes))
		pmt_walk_check_take();
}

#endif
