/*
 * The one thread of ours: on memory that is resident before the program's account begins
 * and stays so, with all signals blocked, and gone from the kernel's count when it has
 * been joined.
 */
#ifndef PMT_TRACER_DRAIN_OWN_THREAD_H
#define PMT_TRACER_DRAIN_OWN_THREAD_H

#include <pthread.h>
#include <stdint.h>

#include "base/attr.h"

/* Never two at a time. 0, or a negative errno: no thread is to be had. */
int pmt_own_thread_start(pthread_t *ret_thread, void *(*run)(void *)) PMT_MUST_CHECK;

/* Waits until the kernel counts fewer threads than count_with_it: what
 * pmt_own_thread_count said while the thread was there for sure. */
void pmt_own_thread_join(pthread_t thread, uint64_t count_with_it);
uint64_t pmt_own_thread_count(void);

/* Runs a thread that does nothing: what libc touches for its beginning and its end is
 * resident then. */
void pmt_own_thread_rehearse(void);

#endif
