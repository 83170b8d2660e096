/*
 * From the stack a thread stands on to a small number: a calling context is its caller's
 * context, a function and a place in its code, and has one number per stream. Whoever
 * writes a record with such a number finds that its STACK records are in the stream
 * already.
 *
 * The memory is the thread's own, mapped, wiped by a fork, and bounded: when the table is
 * full it begins anew, and contexts are written again under new numbers.
 */
#ifndef PMT_TRACER_STACK_STACK_IDS_H
#define PMT_TRACER_STACK_STACK_IDS_H

#include <stdint.h>

#include "base/attr.h"

struct pmt_thread;
struct pmt_stacks;

/* The calling thread's stack, 0 where it runs no Python or where there was no room to say
 * what it is. emitter.live and emitter.busy are set; errno is kept.
 * Budget: the walk (python/frame_walk.h) and one probe for a stack that was there lately.
 */
uint32_t pmt_stack_id_self(struct pmt_thread *t);

/* The reaper, for a thread that is gone; NULL is fine. */
void pmt_stacks_free(struct pmt_stacks *stacks);

#endif
