/*
 * Time for events: a tick counter as cheap as the machine has, and the clocks that give
 * ticks a meaning. On x86-64 the time-stamp counter (20 ns) in steps of 32, some 10 ns,
 * so that the usual step between two readings fits one byte; elsewhere the generic timer
 * or CLOCK_MONOTONIC.
 */
#ifndef PMT_TRACER_OS_CLOCK_H
#define PMT_TRACER_OS_CLOCK_H

#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
static inline uint64_t pmt_clock_ticks(void)
{
	return __rdtsc() >> 5;
}
#elif defined(__aarch64__)
static inline uint64_t pmt_clock_ticks(void)
{
	uint64_t ticks;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}
#else
static inline uint64_t pmt_clock_ticks(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
#endif

/* Nanoseconds of CLOCK_MONOTONIC and CLOCK_REALTIME (since 1970). */
uint64_t pmt_clock_monotonic_ns(void);
uint64_t pmt_clock_realtime_ns(void);

/* Measures the tick rate against CLOCK_MONOTONIC since the process's first call; the
 * reader refines it from the checkpoints. Returns ticks per second. */
uint64_t pmt_clock_ticks_per_second(void);

#endif
