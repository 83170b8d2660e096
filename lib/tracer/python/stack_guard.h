/*
 * How much of a thread's C stack is in use. On CPython 3.8 to 3.11 our evaluator makes a
 * Python call use more of it than without us (80 bytes; on 3.11, where a call needs none,
 * some 480), so a program that recurses deeply would crash before its own limit. When a
 * thread has used its share the hook steps aside until the stack is shallow again.
 */
#ifndef PMT_TRACER_PYTHON_STACK_GUARD_H
#define PMT_TRACER_PYTHON_STACK_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "thread.h"

/* The slow side: the thread's bounds are not known yet, or its share is used up. */
bool pmt_stack_guard_look_self(struct pmt_thread *t, uintptr_t at);

/* Whether the calling thread has used its share. Budget: one load, one compare. */
PMT_INLINE bool pmt_stack_guard_is_short_self(struct pmt_thread *t)
{
	uintptr_t at = (uintptr_t)__builtin_frame_address(0);

	/* The stack grows down: ~at grows with its depth, and a wiped entry's 0 is less
	 * than any. */
	return PMT_UNLIKELY(~at > t->stack.reach) && pmt_stack_guard_look_self(t, at);
}

#endif
