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

/* A moment, and the call that ran then. */
struct pmt_moment {
	uint64_t tick;
	bool node_known;
	uint32_t node;   /* of the tree */
	uint32_t stream; /* the thread */
};

struct pmt_peak {
	enum pmt_peak_source source;
	int64_t bytes;
	uint64_t from_tick;   /* KERNEL: not before this; else the tick of at */
	struct pmt_moment at; /* the highest */
	/* When it first came within PMT_PEAK_NEAR_PERCENT of the highest: the step that
	 * made the peak rather than the ripple that topped it. */
	struct pmt_moment reached;
	int64_t reached_bytes;
};

enum { PMT_PEAK_NEAR_PERCENT = 1 };

/* All zero at the start. */
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
	struct pmt_peak summed_heap; /* the process kept it: detail=live */
	/* What the sums of changes start from: resident set and heap at the first sample
	 * minus the changes until then. */
	bool base_known;
	int64_t rss_base_bytes;
	uint64_t last_sample_tick;
	/* The verdict: set by finish. */
	struct pmt_peak rss;
	struct pmt_peak heap;
	int64_t rss_end_bytes; /* of the last sample; 0 without one */
	int64_t heap_end_bytes;
};

/* A value at a moment: keeps it when it is the highest so far. */
static inline void pmt_peak_see(struct pmt_peak *peak, int64_t bytes,
				struct pmt_moment at)
{
	if (peak->source != PMT_PEAK_NONE && bytes <= peak->bytes)
		return;
	if (peak->source == PMT_PEAK_NONE || peak->reached_bytes <= 0 ||
	    bytes - peak->reached_bytes >
		peak->reached_bytes / 100 * PMT_PEAK_NEAR_PERCENT) {
		peak->reached = at;
		peak->reached_bytes = bytes;
	}
	peak->bytes = bytes;
	peak->at = at;
	peak->from_tick = at.tick;
}

/* After a record whose changes node of stream is charged with. */
static inline void pmt_peaks_add_event(struct pmt_peaks *peaks,
				       const struct pmt_deltas *d, struct pmt_moment at)
{
	peaks->rss_now_pages = pmt_sum_wrapping(peaks->rss_now_pages, d->rss_pages);
	peaks->heap_now_bytes = pmt_sum_wrapping(
	    peaks->heap_now_bytes, (int64_t)(d->allocated_bytes - d->freed_bytes));
	pmt_peak_see(&peaks->event_rss, peaks->rss_now_pages, at);
	peaks->event_rss.source = PMT_PEAK_EVENT;
	pmt_peak_see(&peaks->event_heap, peaks->heap_now_bytes, at);
	peaks->event_heap.source = PMT_PEAK_EVENT;
}

/* now: its tick, and the call that ran, if any is known. */
void pmt_peaks_add_sample(struct pmt_peaks *peaks, const struct pmt_sample *sample,
			  uint32_t page_bytes, struct pmt_moment now);

/* Decides between the sources. has_rss, has_heap: events measured it. */
void pmt_peaks_finish(struct pmt_peaks *peaks, uint32_t page_bytes, bool has_rss,
		      bool has_heap);

/* Behind finish, where calls were not recorded: nobody knows which ran. */
void pmt_peaks_forget_calls(struct pmt_peaks *peaks);

#endif
