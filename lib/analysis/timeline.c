/* The buckets of the timeline and how they are halved. */
#include "analysis/timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int pmt_timeline_init(struct pmt_timeline *timeline, uint64_t bucket_ticks)
{
	*timeline = (struct pmt_timeline){.bucket_ticks = bucket_ticks};
	timeline->buckets = calloc(PMT_TIMELINE_BUCKETS, sizeof(*timeline->buckets));
	return timeline->buckets ? 0 : -ENOMEM;
}

void pmt_timeline_close(struct pmt_timeline *timeline)
{
	free(timeline->buckets);
	*timeline = (struct pmt_timeline){0};
}

/* Adds what a later bucket holds to an earlier one. */
static void merge(struct pmt_timeline_bucket *into, const struct pmt_timeline_bucket *b)
{
	if (b->event_count) {
		bool first = into->event_count == 0;

		if (first || b->rss_max_pages > into->rss_max_pages)
			into->rss_max_pages = b->rss_max_pages;
		if (first || b->heap_max_bytes > into->heap_max_bytes)
			into->heap_max_bytes = b->heap_max_bytes;
		into->rss_last_pages = b->rss_last_pages;
		into->heap_last_bytes = b->heap_last_bytes;
		into->event_count += b->event_count;
		if (b->rise_pages > into->rise_pages) {
			into->rise_pages = b->rise_pages;
			into->rise_node = b->rise_node;
		}
	}
	if (b->sample_count) {
		bool first = into->sample_count == 0;

		if (first || b->sample_rss_max_bytes > into->sample_rss_max_bytes)
			into->sample_rss_max_bytes = b->sample_rss_max_bytes;
		if (first || b->sample_heap_max_bytes > into->sample_heap_max_bytes)
			into->sample_heap_max_bytes = b->sample_heap_max_bytes;
		into->sample = b->sample;
		into->sample_count += b->sample_count;
	}
}

static void halve(struct pmt_timeline *timeline)
{
	struct pmt_timeline_bucket *b = timeline->buckets;
	uint32_t half = PMT_TIMELINE_BUCKETS / 2;

	for (uint32_t i = 0; i < half; i++) {
		struct pmt_timeline_bucket both = b[2 * i];

		merge(&both, &b[2 * i + 1]);
		b[i] = both;
	}
	memset(&b[half], 0, half * sizeof(*b));
	timeline->bucket_ticks *= 2;
	timeline->current /= 2;
}

struct pmt_timeline_bucket *pmt_timeline_move(struct pmt_timeline *timeline,
					      uint64_t tick)
{
	if (!timeline->is_begun) {
		timeline->is_begun = true;
		timeline->start_tick = tick;
	}
	uint64_t since = tick > timeline->start_tick ? tick - timeline->start_tick : 0;

	/* A damaged tick must not loop for ever: the width stops at half the range. */
	while (since / timeline->bucket_ticks >= PMT_TIMELINE_BUCKETS)
		halve(timeline);
	uint32_t place = (uint32_t)(since / timeline->bucket_ticks);
	if (place > timeline->current)
		timeline->current = place;
	timeline->current_end_tick =
	    timeline->start_tick + (timeline->current + 1) * timeline->bucket_ticks;
	return &timeline->buckets[timeline->current];
}

void pmt_timeline_add_sample(struct pmt_timeline *timeline,
			     const struct pmt_sample *sample)
{
	struct pmt_timeline_bucket *b = pmt_timeline_move(timeline, sample->tick);

	if (b->sample_count++ == 0) {
		b->sample_rss_max_bytes = sample->rss_bytes;
		b->sample_heap_max_bytes = sample->heap_bytes;
	}
	if (sample->rss_bytes > b->sample_rss_max_bytes)
		b->sample_rss_max_bytes = sample->rss_bytes;
	if (sample->heap_bytes > b->sample_heap_max_bytes)
		b->sample_heap_max_bytes = sample->heap_bytes;
	b->sample = *sample;
}

uint32_t pmt_timeline_count(const struct pmt_timeline *timeline)
{
	return timeline->is_begun ? timeline->current + 1 : 0;
}
