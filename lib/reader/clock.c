/* A rate from the two checkpoints that are farthest apart. */
#include "reader/clock.h"

/* Two checkpoints closer than this say little about the tick rate. */
enum { CLOCK_BASE_NS = 100 * 1000 * 1000 };

void pmt_clock_base_add(struct pmt_clock_base *base, const struct pmt_checkpoint *point)
{
	if (!base->have_checkpoint || point->tick < base->first.tick)
		base->first = *point;
	if (!base->have_checkpoint || point->tick > base->last.tick)
		base->last = *point;
	base->have_checkpoint = true;
}

struct pmt_clock pmt_clock_of(const struct pmt_clock_base *base)
{
	const struct pmt_checkpoint *a = &base->first, *b = &base->last;
	struct pmt_clock clock = {
	    .known = base->have_checkpoint,
	    .tick = a->tick,
	    .monotonic_ns = a->monotonic_ns,
	    .realtime_ns = a->realtime_ns,
	    .ns_per_tick = 1e9 / (double)base->ticks_per_second,
	};

	if (b->tick > a->tick && b->monotonic_ns > a->monotonic_ns &&
	    b->monotonic_ns - a->monotonic_ns >= CLOCK_BASE_NS)
		clock.ns_per_tick = (double)(b->monotonic_ns - a->monotonic_ns) /
				    (double)(b->tick - a->tick);
	return clock;
}

int64_t pmt_clock_since_ns(const struct pmt_clock *clock, uint64_t tick)
{
	double ticks = tick >= clock->tick ? (double)(tick - clock->tick)
					   : -(double)(clock->tick - tick);
	double ns = ticks * clock->ns_per_tick;

	if (ns >= (double)PMT_CLOCK_NS_MAX)
		return PMT_CLOCK_NS_MAX;
	return ns <= -(double)PMT_CLOCK_NS_MAX ? -PMT_CLOCK_NS_MAX : (int64_t)ns;
}

int64_t pmt_clock_date_ns(const struct pmt_clock *clock, uint64_t tick)
{
	uint64_t begin = clock->realtime_ns < (uint64_t)PMT_CLOCK_NS_MAX
			     ? clock->realtime_ns
			     : (uint64_t)PMT_CLOCK_NS_MAX;

	return (int64_t)begin + pmt_clock_since_ns(clock, tick);
}
