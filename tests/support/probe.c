/* The exported window; see probe.h. Only in libpmtprobe.so. */
#include "support/probe.h"

#include <string.h>

#include "tracer/interpose/glibc_heap.h"
#include "tracer/rss/own_memory.h"
#include "tracer/rss/rss_poll.h"
#include "tracer/thread.h"

static uint64_t pages_at_begin;

PMT_EXPORT void probe_begin(void)
{
	pmt_counting = 1;
}

PMT_EXPORT void probe_read(struct counted *ret_counted)
{
	const struct pmt_thread *t;

	memset(ret_counted, 0, sizeof(*ret_counted));
	for (uint32_t i = 0; (t = pmt_thread_at(i)) != NULL; i++) {
		ret_counted->allocated_bytes += t->sums.allocated_bytes;
		ret_counted->allocated_count += t->sums.allocated_count;
		ret_counted->freed_bytes += t->sums.freed_bytes;
		ret_counted->freed_count += t->sums.freed_count;
		ret_counted->mapped_bytes += t->sums.mapped_bytes;
		ret_counted->file_mapped_bytes += t->sums.file_mapped_bytes;
	}
}

PMT_EXPORT uint64_t probe_rss_hints(void)
{
	return pmt_self ? pmt_self->rss_hints : 0;
}

PMT_EXPORT int probe_reads_headers(void)
{
	return (int)pmt_heap_is_glibc;
}

PMT_EXPORT unsigned probe_rss_begin(void)
{
	struct pmt_thread *t = pmt_thread_self();

	pmt_rss_start(0);
	pages_at_begin = pmt_rss_last_pages();
	pmt_rss_open_self(t);
	return t->rss.method;
}

PMT_EXPORT uint64_t probe_rss_pages(void)
{
	if (pmt_rss_moved(pmt_self))
		pmt_rss_read_self(pmt_self);
	return pages_at_begin + (uint64_t)pmt_self->sums.rss_pages + pmt_own_pages();
}
