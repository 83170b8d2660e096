/*
 * The highest resident set and the highest heap: how much, when, and which call was
 * running. Two sources see different things: events see every change that a record
 * tells of, samples see every 100 ms also what happens inside one long call, and carry
 * the kernel's own high-water mark, which misses nothing but does not say when.
 */
#ifndef PMT_ANALYSIS_PEAKS_H
#define PMT_ANALYSIS_PEAKS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/figures.h"
#include "format/payload.h"

enum pmt_peak_source {
	PMT_PEAK_NONE = 0, /* nothing was measured */
	PMT_PEAK_EVENT,    /* at tick, exact */
	PMT_PEAK_SAMPLE,   /* seen at tick by a sample */
	PMT_PEAK_KERNEL,   /* between from_tick and tick, by the high-water mark */
};

struct pmt_peak {
	enum pmt_peak_source source;
	int64_t bytes;
	uint64_t tick;
	uint64_t from_tick; /* KERNEL: not before; else the same as tick */
	bool node_known;
	uint32_t node;   /* of the tree: the call that ran */
	uint32_t stream; /* the thread */
};

struct pmt_peaks {
	/* From events: sums of changes since the trace began. */
	int64_t rss_now_pages;
	int64_t heap_now_bytes;
	struct pmt_peak event_rss; /* bytes holds pages until finish */
	struct pmt_peak event_heap;
	/* From samples. */
	struct pmt_peak sample_rss;
	struct pmt_peak sample_heap;
	struct pmt_peak kernel_rss;
	/* What the sums of changes start from: resident set and heap at the first sample
	 * minus the changes until then. */
	bool base_known;
	int64_t rss_base_bytes;
	uint64_t last_sample_tick;
	/* The verdict: set by finish. */
	struct pmt_peak rss;
	struct pmt_peak heap;
	int64_t rss_end_bytes; /* last known; 0 when nothing was */
};

void pmt_peaks_init(struct pmt_peaks *peaks);

/* After a record whose changes node of stream is charged with. */
static inline void pmt_peaks_add_event(struct pmt_peaks *peaks,
				       const struct pmt_deltas *d, uint64_t tick,
				       uint32_t stream, uint32_t node)
{
	peaks->rss_now_pages = pmt_sum_wrapping(peaks->rss_now_pages, d->rss_pages);
	peaks->heap_now_bytes = pmt_sum_wrapping(
	    peaks->heap_now_bytes, (int64_t)(d->allocated_bytes - d->freed_bytes));
	if (peaks->rss_now_pages > peaks->event_rss.bytes)
		peaks->event_rss = (struct pmt_peak){
		    PMT_PEAK_EVENT, peaks->rss_now_pages, tick, tick, true, node, stream};
	if (peaks->heap_now_bytes > peaks->event_heap.bytes)
		peaks->event_heap = (struct pmt_peak){
		    PMT_PEAK_EVENT, peaks->heap_now_bytes, tick, tick, true, node,
		    stream};
}

/* running: the call that ran when the sample was taken, if any is known. */
void pmt_peaks_add_sample(struct pmt_peaks *peaks, const struct pmt_sample *sample,
			  uint32_t page_bytes, const struct pmt_peak *running);

/* Decides between the sources. has_rss, has_heap: events measured it. */
void pmt_peaks_finish(struct pmt_peaks *peaks, uint32_t page_bytes, bool has_rss,
		      bool has_heap);

#endif
