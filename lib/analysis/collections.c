/* Sums of collections; see collections.h. */
#include "analysis/collections.h"

#include <errno.h>
#include <stdlib.h>

/* More than any program has; each record looks through them. */
enum { COUNTED_MAX = 3072 };

void pmt_collections_close(struct pmt_collections *c)
{
	free(c->counted);
	*c = (struct pmt_collections){0};
}

static unsigned known_generation(uint8_t generation)
{
	unsigned oldest = PMT_COLLECTIONS_GENERATIONS - 1;

	return generation < oldest ? generation : oldest;
}

static void add_stop(struct pmt_collections *c, const struct pmt_gc_event *event,
		     uint64_t tick)
{
	struct pmt_collection_sums *sums =
	    &c->by_generation[known_generation(event->generation)];

	sums->count++;
	sums->collected += event->collected;
	sums->uncollectable += event->uncollectable;
	sums->ticks += event->ticks;
	c->untimed_count += event->ticks == 0;
	if (event->ticks > sums->longest_ticks) {
		sums->longest_ticks = event->ticks;
		sums->longest_tick = tick;
	}
}

void pmt_collections_add(struct pmt_collections *c, const struct pmt_record *r,
			 uint64_t tick)
{
	struct pmt_gc_event event;

	if (!pmt_payload_get_gc(r, &event))
		return;
	switch ((enum pmt_gc_phase)event.phase) {
	case PMT_GC_START:
		c->start_count++;
		break;
	case PMT_GC_STOP:
		add_stop(c, &event, tick);
		break;
	case PMT_GC_GONE:
		c->gone_count++;
		c->gone_tick = tick;
		break;
	case PMT_GC_BACK:
		c->gone_count -= c->gone_count > 0;
		break;
	}
}

struct pmt_collection_sums pmt_collections_total(const struct pmt_collections *c)
{
	struct pmt_collection_sums total = {0};

	for (unsigned i = 0; i < PMT_COLLECTIONS_GENERATIONS; i++) {
		const struct pmt_collection_sums *one = &c->by_generation[i];

		total.count += one->count;
		total.collected += one->collected;
		total.uncollectable += one->uncollectable;
		total.ticks += one->ticks;
		if (one->longest_ticks > total.longest_ticks) {
			total.longest_ticks = one->longest_ticks;
			total.longest_tick = one->longest_tick;
		}
	}
	return total;
}

/* The newest row of that interpreter and generation. */
static struct pmt_collections_counted *find_counted(struct pmt_collections *c,
						    const struct pmt_gc_counts *counts)
{
	for (uint32_t i = c->counted_count; i > 0; i--) {
		struct pmt_collections_counted *row = &c->counted[i - 1];

		if (row->last.interpreter == counts->interpreter &&
		    row->last.generation == counts->generation)
			return row;
	}
	return NULL;
}

static int add_counted(struct pmt_collections *c,
		       const struct pmt_collections_counted *row)
{
	/* Doubled at each power of two. */
	if ((c->counted_count & (c->counted_count - 1)) == 0) {
		uint32_t room = c->counted_count ? 2 * c->counted_count : 1;
		struct pmt_collections_counted *rows =
		    reallocarray(c->counted, room, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		c->counted = rows;
	}
	c->counted[c->counted_count++] = *row;
	return 0;
}

int pmt_collections_add_counts(struct pmt_collections *c, const struct pmt_record *r)
{
	struct pmt_gc_counts counts;

	if (!pmt_payload_get_gc_counts(r, &counts))
		return 0;
	struct pmt_collections_counted *row = find_counted(c, &counts);
	if (row && counts.collections >= row->last.collections &&
	    counts.collected >= row->last.collected &&
	    counts.uncollectable >= row->last.uncollectable) {
		row->last = counts;
		return 0;
	}
	/* The first of all is where the trace begins; one that fell began at 0. */
	if (c->counted_count == COUNTED_MAX)
		return 0;
	struct pmt_collections_counted fresh = {.first = counts, .last = counts};
	if (row)
		fresh.first = (struct pmt_gc_counts){0};
	return add_counted(c, &fresh);
}

struct pmt_gc_counts pmt_collections_counted(const struct pmt_collections *c,
					     unsigned generation)
{
	struct pmt_gc_counts sum = {.generation = (uint8_t)generation};

	for (uint32_t i = 0; i < c->counted_count; i++) {
		const struct pmt_gc_counts *first = &c->counted[i].first;
		const struct pmt_gc_counts *last = &c->counted[i].last;

		if (known_generation(last->generation) != generation)
			continue;
		sum.collections += last->collections - first->collections;
		sum.collected += last->collected - first->collected;
		sum.uncollectable += last->uncollectable - first->uncollectable;
		if (last->duration_ns > first->duration_ns)
			sum.duration_ns += last->duration_ns - first->duration_ns;
	}
	return sum;
}
