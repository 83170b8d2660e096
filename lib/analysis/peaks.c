/* Peaks: following the samples, and the choice between what the sources saw. */
#include "analysis/peaks.h"

/* A source that knows the moment is believed over a higher one that does not, when it
 * is as near as this: statm and the high-water mark are read at different moments. */
enum { NEAR_PERCENT = 1 };

static bool is_near(int64_t bytes, int64_t highest)
{
	return bytes >= highest - highest / 100 * NEAR_PERCENT;
}

void pmt_peaks_init(struct pmt_peaks *peaks)
{
	*peaks = (struct pmt_peaks){0};
	peaks->event_rss.bytes = INT64_MIN;
	peaks->event_heap.bytes = INT64_MIN;
}

static struct pmt_peak seen_at(const struct pmt_peak *running,
			       enum pmt_peak_source source, int64_t bytes, uint64_t tick)
{
	struct pmt_peak peak = *running;

	peak.source = source;
	peak.bytes = bytes;
	peak.tick = tick;
	peak.from_tick = tick;
	return peak;
}

void pmt_peaks_add_sample(struct pmt_peaks *peaks, const struct pmt_sample *sample,
			  uint32_t page_bytes, const struct pmt_peak *running)
{
	int64_t rss = (int64_t)sample->rss_bytes;

	if (!peaks->base_known) {
		peaks->base_known = true;
		peaks->rss_base_bytes = pmt_sum_wrapping(
		    rss, -pmt_pages_to_bytes(peaks->rss_now_pages, page_bytes));
	}
	if (peaks->sample_rss.source == PMT_PEAK_NONE || rss > peaks->sample_rss.bytes)
		peaks->sample_rss = seen_at(running, PMT_PEAK_SAMPLE, rss, sample->tick);
	if (peaks->sample_heap.source == PMT_PEAK_NONE ||
	    sample->heap_bytes > peaks->sample_heap.bytes)
		peaks->sample_heap =
		    seen_at(running, PMT_PEAK_SAMPLE, sample->heap_bytes, sample->tick);
	if ((int64_t)sample->rss_peak_bytes > peaks->kernel_rss.bytes) {
		peaks->kernel_rss =
		    seen_at(running, PMT_PEAK_KERNEL, (int64_t)sample->rss_peak_bytes,
			    sample->tick);
		peaks->kernel_rss.from_tick = peaks->last_sample_tick;
	}
	peaks->last_sample_tick = sample->tick;
	peaks->rss_end_bytes = rss;
}

/* The first of the candidates, in the order of how well they know the moment, that is
 * near the highest of all. */
static struct pmt_peak choose(const struct pmt_peak *const *candidates, unsigned count)
{
	int64_t highest = INT64_MIN;

	for (unsigned i = 0; i < count; i++) {
		if (candidates[i]->source != PMT_PEAK_NONE &&
		    candidates[i]->bytes > highest)
			highest = candidates[i]->bytes;
	}
	for (unsigned i = 0; i < count; i++) {
		if (candidates[i]->source != PMT_PEAK_NONE &&
		    is_near(candidates[i]->bytes, highest)) {
			struct pmt_peak peak = *candidates[i];

			/* The figure itself is the highest anybody saw. */
			peak.bytes = highest;
			return peak;
		}
	}
	return (struct pmt_peak){0};
}

void pmt_peaks_finish(struct pmt_peaks *peaks, uint32_t page_bytes, bool has_rss,
		      bool has_heap)
{
	struct pmt_peak rss = peaks->event_rss;
	struct pmt_peak heap = peaks->event_heap;

	if (!has_rss || !peaks->base_known)
		rss.source = PMT_PEAK_NONE;
	if (!has_heap)
		heap.source = PMT_PEAK_NONE;
	rss.bytes = pmt_sum_wrapping(pmt_pages_to_bytes(rss.bytes, page_bytes),
				     peaks->rss_base_bytes);
	const struct pmt_peak *rss_candidates[] = {&rss, &peaks->sample_rss,
						   &peaks->kernel_rss};
	const struct pmt_peak *heap_candidates[] = {&heap, &peaks->sample_heap};
	peaks->rss = choose(rss_candidates, 3);
	peaks->heap = choose(heap_candidates, 2);
}
