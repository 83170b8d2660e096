/*
 * The way of events under min_rss and min_alloc: each goes by the rule of trigger.h, and
 * what that lets through is written as a point (PMT_EXT_POINT) with its own figures.
 *
 * Budget of an event that is not written: what pmt_emit_event costs without its record.
 */
#ifndef PMT_TRACER_EVENT_POINTS_H
#define PMT_TRACER_EVENT_POINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"

struct pmt_thread;

/* Once, before the first event: keeps the limits. Returns whether there are any. */
bool pmt_points_start(const struct pmt_options *options, uint64_t page_bytes);

/* What a thread needs for it, with its emitter; true as well when there are no limits.
 * Gone in a forked child, whose thread opens anew. */
bool pmt_points_open_self(struct pmt_thread *t);
void pmt_points_close(struct pmt_thread *t);

/* An event of the calling thread: op is an enum pmt_op or enum pmt_point_op. */
void pmt_points_event(struct pmt_thread *t, unsigned op, uint64_t number);

/* An event that is not to be written, because of a pause: the stack follows. */
void pmt_points_pass(struct pmt_thread *t, unsigned op, uint64_t number);

/* Writes the event that waits: before anything else that carries the thread's sums, and
 * as its last. By the owner, or the reaper once it is dead. */
void pmt_points_settle(struct pmt_thread *t);

/* The thread's sums that no record has said, for a thread that can no longer say them
 * itself: as a record of stream 0. Drain lock held. */
struct pmt_run;
void pmt_points_add_rest(struct pmt_run *run, const struct pmt_thread *t);

#endif
