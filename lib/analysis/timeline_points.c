/* Buckets to points. */
#include "analysis/timeline_points.h"

#include <errno.h>
#include <stdlib.h>

static void see_rss(struct pmt_timeline_point *p, bool *seen, int64_t highest,
		    int64_t last)
{
	if (!*seen || highest > p->rss_max_bytes)
		p->rss_max_bytes = highest;
	p->rss_bytes = last;
	p->rss_known = true;
	*seen = true;
}

static void see_heap(struct pmt_timeline_point *p, bool *seen, int64_t highest,
		     int64_t last)
{
	if (!*seen || highest > p->heap_max_bytes)
		p->heap_max_bytes = highest;
	p->heap_bytes = last;
	p->heap_known = true;
	*seen = true;
}

/* Adds a bucket's figures. seen_*: the point has one of its own stretch already, not
 * only the one carried over from before. */
static void add_bucket(const struct pmt_model *model, struct pmt_timeline_point *p,
		       const struct pmt_timeline_bucket *b, bool *seen_rss,
		       bool *seen_heap)
{
	const struct pmt_peaks *peaks = &model->peaks;
	uint32_t page = model->page_bytes;

	if (b->sample_count > 0) {
		see_rss(p, seen_rss, (int64_t)b->sample_rss_max_bytes,
			(int64_t)b->sample.rss_bytes);
		see_heap(p, seen_heap, b->sample_heap_max_bytes, b->sample.heap_bytes);
		p->sample = b->sample;
		p->sample_count += b->sample_count;
	}
	p->event_count += b->event_count;
	if (b->event_count == 0)
		return;
	if (model->measured.rss && peaks->base_known)
		see_rss(p, seen_rss,
			pmt_sum_wrapping(peaks->rss_base_bytes,
					 pmt_pages_to_bytes(b->rss_max_pages, page)),
			pmt_sum_wrapping(peaks->rss_base_bytes,
					 pmt_pages_to_bytes(b->rss_last_pages, page)));
	if (model->measured.mallocs)
		see_heap(p, seen_heap, b->heap_max_bytes, b->heap_last_bytes);
	if (pmt_pages_to_bytes(b->rise_pages, page) > p->rise_bytes) {
		p->rise_bytes = pmt_pages_to_bytes(b->rise_pages, page);
		p->rise_node = b->rise_node;
	}
}

static struct pmt_timeline_point carry_over(const struct pmt_timeline_point *before)
{
	return (struct pmt_timeline_point){
	    .rss_known = before->rss_known,
	    .heap_known = before->heap_known,
	    .rss_max_bytes = before->rss_bytes,
	    .rss_bytes = before->rss_bytes,
	    .heap_max_bytes = before->heap_bytes,
	    .heap_bytes = before->heap_bytes,
	};
}

int pmt_timeline_points_new(const struct pmt_model *model, uint32_t wanted, bool stretch,
			    struct pmt_timeline_point **ret_points, uint32_t *ret_count)
{
	const struct pmt_timeline *timeline = &model->timeline;
	uint64_t buckets = pmt_timeline_count(timeline);
	uint32_t count = stretch || wanted < buckets ? wanted : (uint32_t)buckets;
	struct pmt_timeline_point before = {0};

	if (buckets == 0)
		count = 0;
	struct pmt_timeline_point *points = calloc(count + 1, sizeof(*points));
	if (!points)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t from = i * buckets / count;
		uint64_t to = (i + 1) * buckets / count;
		bool seen_rss = false, seen_heap = false;
		bool repeats = i > 0 && from == (i - 1) * buckets / count;

		/* A stretched bucket is shown again as it was. */
		points[i] = repeats ? before : carry_over(&before);
		points[i].from_tick =
		    timeline->start_tick + from * timeline->bucket_ticks;
		points[i].to_tick = timeline->start_tick +
				    (to > from ? to : from + 1) * timeline->bucket_ticks;
		for (uint64_t b = from; !repeats && (b < to || b == from); b++)
			add_bucket(model, &points[i], &timeline->buckets[b], &seen_rss,
				   &seen_heap);
		before = points[i];
	}
	*ret_points = points;
	*ret_count = count;
	return 0;
}
