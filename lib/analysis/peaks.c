/* Peaks: following the samples, and the choice between what the sources saw. */
#include "analysis/peaks.h"

/*
 * A source that knows the moment is believed over a higher one that does not, when it is
 * near. The high-water mark and samples also hold the tracer's own memory, rings of a
 * MiB a thread, which events do not.
 */
enum { NEAR_PERCENT = 5, NEAR_BYTES = 4 << 20 };

static bool is_near(int64_t bytes, int64_t highest)
{
	return bytes >= highest - highest / 100 * NEAR_PERCENT ||
	       bytes >= highest - NEAR_BYTES;
}

void pmt_peaks_add_sample(struct pmt_peaks *peaks, const struct pmt_sample *sample,
			  uint32_t page_bytes, struct pmt_moment now)
{
	int64_t rss = (int64_t)sample->rss_bytes;
	int64_t kernel = (int64_t)sample->rss_peak_bytes;

	if (!peaks->base_known) {
		peaks->base_known = true;
		peaks->rss_base_bytes = pmt_sum_wrapping(
		    rss, -pmt_pages_to_bytes(peaks->rss_now_pages, page_bytes));
	}
	pmt_peak_see(&peaks->sample_rss, rss, now);
	peaks->sample_rss.source = PMT_PEAK_SAMPLE;
	pmt_peak_see(&peaks->sample_heap, sample->heap_bytes, now);
	peaks->sample_heap.source = PMT_PEAK_SAMPLE;
	if (kernel > 0 && kernel > peaks->kernel_rss.bytes) {
		pmt_peak_see(&peaks->kernel_rss, kernel, now);
		peaks->kernel_rss.source = PMT_PEAK_KERNEL;
		peaks->kernel_rss.from_tick = peaks->last_sample_tick;
	}
	peaks->last_sample_tick = sample->tick;
	peaks->rss_end_bytes = rss;
	peaks->heap_end_bytes = sample->heap_bytes;
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
	if (rss.source != PMT_PEAK_NONE)
		rss.bytes = pmt_sum_wrapping(pmt_pages_to_bytes(rss.bytes, page_bytes),
					     peaks->rss_base_bytes);
	const struct pmt_peak *rss_candidates[] = {&rss, &peaks->sample_rss,
						   &peaks->kernel_rss};
	const struct pmt_peak *heap_candidates[] = {&peaks->summed_heap, &heap,
						    &peaks->sample_heap};
	peaks->rss = choose(rss_candidates, 3);
	peaks->heap = choose(heap_candidates, 3);
}

void pmt_peaks_forget_calls(struct pmt_peaks *peaks)
{
	peaks->rss.at.node_known = peaks->rss.reached.node_known = false;
	peaks->heap.at.node_known = peaks->heap.reached.node_known = false;
}
