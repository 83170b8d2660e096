/*
 * Gaps of a Poisson process: how many bytes a thread allocates until one is drawn. Whole
 * numbers only: the program's floating-point state stays as it is, and no libm is needed.
 */
#ifndef PMT_TRACER_SAMPLE_DRAW_H
#define PMT_TRACER_SAMPLE_DRAW_H

#include <stdint.h>

/* More, and a gap is not exact to a byte any more. */
#define PMT_DRAW_MEAN_MAX (UINT64_C(1) << 32)

/* A thread's own chance. *state 0: not begun; pmt_draw_seed makes one from any number. */
uint64_t pmt_draw_seed(uint64_t entropy);

/* The next gap, at least 1: at most s with the probability 1 - exp(-s / mean_bytes), for
 * each whole s. Some 70 ns. */
uint64_t pmt_draw_gap(uint64_t *state, uint64_t mean_bytes);

#endif
