/* The exported window; see probe.h. Only in libpmtprobe.so. */
#include "support/probe.h"

#include <string.h>

#include "tracer/interpose/glibc_heap.h"
#include "tracer/thread.h"

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
