/*
 * detail=tree: an event moves the thread through its tree of calling contexts, and what
 * its sums moved since the last one is added to the context that ran until now. Nothing
 * goes into the ring but definitions, marks and what the drain needs.
 *
 * Budget of pmt_context_event: no system call, no clock, no atomic; four compares for
 * changed sums, three for RSS, one for the child; two cache lines of contexts.
 *
 * A thread's depth goes on where the tree is full: then its context is less deep than
 * the thread, new calls are counted as lost (PMT_LOSS_TREE_FULL) and what they do is the
 * context's.
 */
#ifndef PMT_TRACER_EVENT_CONTEXT_H
#define PMT_TRACER_EVENT_CONTEXT_H

#include "event/emit.h"
#include "thread.h"

enum { PMT_CONTEXT_LOOK_EVERY = 64 };

/* The thread is paused: what follows belongs to no call. */
void pmt_context_stop(struct pmt_thread *t);

/* Adds what the sums moved to where they belong, so that a record can follow which must
 * not say it again. The owner, or the reaper in its place; nothing without a tree. */
void pmt_context_settle(struct pmt_thread *t);

/* C_CALL, C_RETURN, C_RAISE. */
void pmt_context_c_event(struct pmt_thread *t, enum pmt_ext type, uint32_t code_id);

/* A call of code_id; the running call's return. Any of either's kinds. */
void pmt_context_entered(struct pmt_thread *t, unsigned op, uint32_t code_id);
void pmt_context_left(struct pmt_thread *t, unsigned op);

#endif
