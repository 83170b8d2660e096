/*
 * Samples; see sample.h. Some 30 us of /proc reading each, on the drain thread, so that
 * an interval of 100 ms costs the program 0.03 % of one processor.
 */
#include "drain/sample.h"

#include <unistd.h>

#include "event/collection_counts.h"
#include "event/emit.h"
#include "os/process_stat.h"
#include "run/run.h"

static void add_counters(struct pmt_sample *sample)
{
	const struct pmt_thread *t;

	/* Racy by design: an estimate over threads that run on. */
	for (uint32_t i = 0; (t = pmt_thread_at(i)) != NULL; i++) {
		sample->heap_bytes +=
		    (int64_t)(t->sums.allocated_bytes - t->sums.freed_bytes);
		sample->mapped_bytes += t->sums.mapped_bytes;
	}
}

void pmt_sample_take_locked(void)
{
	struct pmt_run *run = pmt_run;
	struct pmt_process_stat stat;
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];

	if (!pmt_process_stat_read(0, &stat))
		return;
	struct pmt_sample sample = {
	    .tick = pmt_clock_ticks(),
	    .rss_bytes = pmt_rss_statm_pages() * run->page_bytes,
	    .vms_bytes = stat.vms_bytes,
	    .minor_faults = stat.minor_faults,
	    .major_faults = stat.major_faults,
	    .user_ms = stat.user_ticks * 1000 / run->clock_ticks_per_second,
	    .system_ms = stat.system_ticks * 1000 / run->clock_ticks_per_second,
	    .rss_peak_bytes = pmt_process_rss_peak_bytes(),
	    /* The drain itself is none of the program's threads. */
	    .thread_count = stat.thread_count -
			    (pmt_load32_relaxed(&run->drain.state) != PMT_DRAIN_NONE),
	};
	add_counters(&sample);
	const uint8_t *end = pmt_payload_put_sample(payload, &sample);
	if (pmt_emit_extended(&run->process, NULL, PMT_EXT_SAMPLE, payload,
			      (size_t)(end - payload)))
		run->process.last_tick = sample.tick; /* as the reader takes it */
	pmt_collection_counts_write_locked();
}
