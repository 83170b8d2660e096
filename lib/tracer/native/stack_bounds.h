/*
 * Which memory is surely mapped around a thread's stack: what lies within may be read.
 */
#ifndef PMT_TRACER_NATIVE_STACK_BOUNDS_H
#define PMT_TRACER_NATIVE_STACK_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* All zero: nothing is known. */
struct pmt_stack_bounds {
	uint64_t low, high; /* 0: not known */
	uint32_t refusals;  /* how often the system would not say */
};

/* Whether so many bytes from an address on may be read. */
PMT_INLINE bool pmt_stack_holds(const struct pmt_stack_bounds *b, uint64_t at,
				uint64_t size)
{
	return at - b->low < b->high - b->low && b->high - at >= size;
}

/*
 * Finds the mapping around an address; false when the system does not say, or there is
 * none. Once a thread, when its stack grew, and when it runs on another one (coroutines,
 * signal stacks): some 100 us, by /proc/self/maps. Without that file the question is
 * asked ever more rarely.
 */
bool pmt_stack_bounds_find(struct pmt_stack_bounds *b, uint64_t at);

#endif
