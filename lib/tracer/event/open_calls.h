/*
 * Which functions of a thread are running: a stack of ids, kept where the stream itself
 * does not tell (min_rss, min_alloc). Owner only. Bounded: Python calls deeper than its
 * entries are counted, not known.
 *
 * Budget of a call and its return: a store, two branches.
 */
#ifndef PMT_TRACER_EVENT_OPEN_CALLS_H
#define PMT_TRACER_EVENT_OPEN_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	PMT_OPEN_CALLS_MAX = 8000, /* with what lies beside it, 64 KiB */
	PMT_OPEN_CALL_IS_C = -1,   /* as line UINT32_MAX */
};

struct pmt_open_call {
	uint32_t id;   /* 0: its name could not be recorded */
	uint32_t line; /* that runs; 0: not known; PMT_OPEN_CALL_IS_C */
};

/* All zero is an empty stack. */
struct pmt_open_calls {
	uint32_t depth; /* entries in use, C functions among them */
	uint64_t over;  /* Python calls above them */
	struct pmt_open_call calls[PMT_OPEN_CALLS_MAX];
};

PMT_INLINE bool pmt_open_calls_is_c(const struct pmt_open_call *call)
{
	return call->line == (uint32_t)PMT_OPEN_CALL_IS_C;
}

/* What runs, {0, 0} when that is nothing or not known. */
PMT_INLINE struct pmt_open_call pmt_open_calls_top(const struct pmt_open_calls *open)
{
	if (open->over || !open->depth)
		return (struct pmt_open_call){0, 0};
	return open->calls[open->depth - 1];
}

PMT_INLINE void pmt_open_calls_enter(struct pmt_open_calls *open, uint32_t id)
{
	if (PMT_LIKELY(open->depth < PMT_OPEN_CALLS_MAX && !open->over))
		open->calls[open->depth++] = (struct pmt_open_call){id, 0};
	else
		open->over++;
}

/* The running Python call ends, and C functions on it whose end was not seen. */
PMT_INLINE void pmt_open_calls_leave(struct pmt_open_calls *open)
{
	if (PMT_UNLIKELY(open->over)) {
		open->over--;
		return;
	}
	while (open->depth && pmt_open_calls_is_c(&open->calls[open->depth - 1]))
		open->depth--;
	if (open->depth)
		open->depth--;
}

PMT_INLINE void pmt_open_calls_line(struct pmt_open_calls *open, uint32_t line)
{
	if (!open->over && open->depth &&
	    !pmt_open_calls_is_c(&open->calls[open->depth - 1]))
		open->calls[open->depth - 1].line = line;
}

/* C functions where there is no room are not counted: only Python calls have to add up.
 */
PMT_INLINE void pmt_open_calls_enter_c(struct pmt_open_calls *open, uint32_t id)
{
	if (open->depth < PMT_OPEN_CALLS_MAX && !open->over)
		open->calls[open->depth++] =
		    (struct pmt_open_call){id, (uint32_t)PMT_OPEN_CALL_IS_C};
}

PMT_INLINE void pmt_open_calls_leave_c(struct pmt_open_calls *open)
{
	if (!open->over && open->depth &&
	    pmt_open_calls_is_c(&open->calls[open->depth - 1]))
		open->depth--;
}

#endif
