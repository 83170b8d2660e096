/* The clock of a trace: what its ticks mean, by the checkpoints that have all clocks. */
#ifndef PMT_READER_CLOCK_H
#define PMT_READER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "format/payload.h"

/* What ticks mean: the earliest checkpoint by three clocks, and the tick rate between it
 * and the latest one (the header's while they are less than 100 ms apart). */
struct pmt_clock {
	bool known;
	uint64_t tick;
	uint64_t monotonic_ns;
	uint64_t realtime_ns; /* since 1970 */
	double ns_per_tick;
};

/* What it is made of. All zero but the rate: no checkpoint was seen. */
struct pmt_clock_base {
	struct pmt_checkpoint first; /* by tick */
	struct pmt_checkpoint last;
	bool have_checkpoint;
	uint64_t ticks_per_second; /* by the file header */
};

void pmt_clock_base_add(struct pmt_clock_base *base, const struct pmt_checkpoint *point);

/* Known is false before any checkpoint. */
struct pmt_clock pmt_clock_of(const struct pmt_clock_base *base);

/* 146 years: two of them can be added and subtracted. A longer time is damage. */
#define PMT_CLOCK_NS_MAX (INT64_MAX / 2)

/* Nanoseconds from the clock's instant to tick; negative before it. */
int64_t pmt_clock_since_ns(const struct pmt_clock *clock, uint64_t tick);

/* Nanoseconds from 1970 to tick. */
int64_t pmt_clock_date_ns(const struct pmt_clock *clock, uint64_t tick);

#endif
