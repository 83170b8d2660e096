/*
 * Memory that a thread's stacks are found and kept in: whole pages, zeros at first,
 * absent or wiped in a forked child, where no pointer to it is left either.
 */
#ifndef PMT_TRACER_STACK_STACK_MEMORY_H
#define PMT_TRACER_STACK_STACK_MEMORY_H

#include <stddef.h>

/* NULL when it is refused. Any thread, in malloc. */
void *pmt_stack_memory_map(size_t size);

/* at: NULL is fine. */
void pmt_stack_memory_unmap(void *at, size_t size);

#endif
