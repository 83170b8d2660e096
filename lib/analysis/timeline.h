/*
 * Memory over time, in a bounded number of buckets: when time outgrows them, two become
 * one of twice the width. Fed in the order of time by events (changes, summed by the
 * caller) and by interval samples (absolute figures).
 */
#ifndef PMT_ANALYSIS_TIMELINE_H
#define PMT_ANALYSIS_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/payload.h"

enum { PMT_TIMELINE_BUCKETS = 2048 };

/* One stretch of time. From events: the highest and the last value; both are changes
 * since the trace began. From samples: the highest rss and heap, and the last sample. */
struct pmt_timeline_bucket {
	uint64_t event_count; /* records with a change in it */
	int64_t rss_max_pages;
	int64_t rss_last_pages;
	int64_t heap_max_bytes;
	int64_t heap_last_bytes;
	int64_t
	    rise_pages; /* the largest rise of one event, and its call path: tree node */
	uint32_t rise_node;
	uint64_t sample_count;
	uint64_t sample_rss_max_bytes;
	int64_t sample_heap_max_bytes;
	struct pmt_sample sample;
};

struct pmt_timeline {
	struct pmt_timeline_bucket *buckets; /* PMT_TIMELINE_BUCKETS of them */
	uint64_t start_tick;                 /* of bucket 0 */
	uint64_t bucket_ticks;               /* width of one */
	uint64_t current_end_tick;           /* of the bucket written last */
	uint32_t current;
	bool is_begun;
};

/* bucket_ticks: the finest width, at least 1. 0 or -ENOMEM. */
int pmt_timeline_init(struct pmt_timeline *timeline,
		      uint64_t bucket_ticks) PMT_MUST_CHECK;
void pmt_timeline_close(struct pmt_timeline *timeline);

/* The bucket of tick; time never goes back, an earlier tick counts as the current. */
struct pmt_timeline_bucket *pmt_timeline_move(struct pmt_timeline *timeline,
					      uint64_t tick);

/* Sums of all changes so far, after a record at tick. */
static inline void pmt_timeline_add_event(struct pmt_timeline *timeline, uint64_t tick,
					  int64_t rss_pages, int64_t heap_bytes)
{
	struct pmt_timeline_bucket *b = tick < timeline->current_end_tick
					    ? &timeline->buckets[timeline->current]
					    : pmt_timeline_move(timeline, tick);

	if (b->event_count++ == 0) {
		b->rss_max_pages = rss_pages;
		b->heap_max_bytes = heap_bytes;
	}
	if (rss_pages > b->rss_max_pages)
		b->rss_max_pages = rss_pages;
	if (heap_bytes > b->heap_max_bytes)
		b->heap_max_bytes = heap_bytes;
	b->rss_last_pages = rss_pages;
	b->heap_last_bytes = heap_bytes;
}

/* An event at tick, already added, raised the resident set by pages while node ran. */
static inline void pmt_timeline_add_rise(struct pmt_timeline *timeline, int64_t pages,
					 uint32_t node)
{
	struct pmt_timeline_bucket *b = &timeline->buckets[timeline->current];

	if (pages > b->rise_pages) {
		b->rise_pages = pages;
		b->rise_node = node;
	}
}

void pmt_timeline_add_sample(struct pmt_timeline *timeline,
			     const struct pmt_sample *sample);

/* Buckets in use: 0 when nothing was added. */
uint32_t pmt_timeline_count(const struct pmt_timeline *timeline);

#endif
