/*
 * The few atomic operations the project uses, named by their ordering. A release
 * store publishes everything written before it to the thread whose acquire load
 * sees the stored value; callers say which partner they mean.
 */
#ifndef PMT_BASE_ATOMICS_H
#define PMT_BASE_ATOMICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

static inline uint64_t pmt_load_acquire(const _Atomic uint64_t *p)
{
	return atomic_load_explicit((_Atomic uint64_t *)p, memory_order_acquire);
}

static inline uint64_t pmt_load_relaxed(const _Atomic uint64_t *p)
{
	return atomic_load_explicit((_Atomic uint64_t *)p, memory_order_relaxed);
}

static inline void pmt_store_release(_Atomic uint64_t *p, uint64_t value)
{
	atomic_store_explicit(p, value, memory_order_release);
}

static inline void pmt_store_relaxed(_Atomic uint64_t *p, uint64_t value)
{
	atomic_store_explicit(p, value, memory_order_relaxed);
}

static inline uint64_t pmt_add_relaxed(_Atomic uint64_t *p, uint64_t value)
{
	return atomic_fetch_add_explicit(p, value, memory_order_relaxed);
}

static inline uint64_t pmt_exchange(_Atomic uint64_t *p, uint64_t value)
{
	return atomic_exchange_explicit(p, value, memory_order_acq_rel);
}

static inline bool pmt_cas(_Atomic uint64_t *p, uint64_t expected, uint64_t value)
{
	return atomic_compare_exchange_strong_explicit(
	    p, &expected, value, memory_order_acq_rel, memory_order_acquire);
}

static inline uint32_t pmt_load32_acquire(const _Atomic uint32_t *p)
{
	return atomic_load_explicit((_Atomic uint32_t *)p, memory_order_acquire);
}

static inline uint32_t pmt_load32_relaxed(const _Atomic uint32_t *p)
{
	return atomic_load_explicit((_Atomic uint32_t *)p, memory_order_relaxed);
}

static inline void pmt_store32_release(_Atomic uint32_t *p, uint32_t value)
{
	atomic_store_explicit(p, value, memory_order_release);
}

static inline uint32_t pmt_add32_relaxed(_Atomic uint32_t *p, uint32_t value)
{
	return atomic_fetch_add_explicit(p, value, memory_order_relaxed);
}

static inline bool pmt_cas32(_Atomic uint32_t *p, uint32_t expected, uint32_t value)
{
	return atomic_compare_exchange_strong_explicit(
	    p, &expected, value, memory_order_acq_rel, memory_order_acquire);
}

#endif
