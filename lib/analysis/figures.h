/*
 * The figures of a piece of a program: what it allocated, freed, and did to the resident
 * set. The same structure holds one call path, one line, one thread or the whole trace.
 */
#ifndef PMT_ANALYSIS_FIGURES_H
#define PMT_ANALYSIS_FIGURES_H

#include <stdint.h>

#include "analysis/sample_scale.h"
#include "format/record.h"

struct pmt_figures {
	uint64_t call_count; /* enters: a generator's resumptions count, as in cProfile */
	uint64_t allocated_bytes;
	uint64_t allocated_count;
	uint64_t freed_bytes;
	uint64_t freed_count;
	uint64_t object_bytes;
	uint64_t object_count;
	uint64_t rss_up_pages; /* sum of the rises */
	uint64_t rss_down_pages;
	int64_t mapped_bytes; /* net */
	int64_t file_mapped_bytes;
	/* In a sampled trace those of malloc are estimates, with fractions: 2^32nds. */
	uint32_t allocated_bytes_part;
	uint32_t allocated_count_part;
	uint32_t freed_bytes_part;
	uint32_t freed_count_part;
	uint64_t sample_count; /* blocks drawn, allocations only */
};

/* Sums over what a file says may leave 64 bits: they wrap, defined, and mean nothing. */
static inline int64_t pmt_sum_wrapping(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t pmt_pages_to_bytes(int64_t pages, uint32_t page_bytes)
{
	return (int64_t)((uint64_t)pages * page_bytes);
}

static inline void pmt_figures_add_deltas(struct pmt_figures *f,
					  const struct pmt_deltas *d)
{
	f->allocated_bytes += d->allocated_bytes;
	f->allocated_count += d->allocated_count;
	f->freed_bytes += d->freed_bytes;
	f->freed_count += d->freed_count;
	f->object_bytes += d->object_bytes;
	f->object_count += d->object_count;
	if (d->rss_pages > 0)
		f->rss_up_pages += (uint64_t)d->rss_pages;
	else
		f->rss_down_pages += -(uint64_t)d->rss_pages;
	f->mapped_bytes = pmt_sum_wrapping(f->mapped_bytes, d->mapped_bytes);
	f->file_mapped_bytes =
	    pmt_sum_wrapping(f->file_mapped_bytes, d->file_mapped_bytes);
}

static inline void pmt_figures_add(struct pmt_figures *f, const struct pmt_figures *more)
{
	f->call_count += more->call_count;
	pmt_share_add(
	    &f->allocated_bytes, &f->allocated_bytes_part,
	    (struct pmt_share){more->allocated_bytes, more->allocated_bytes_part});
	pmt_share_add(
	    &f->allocated_count, &f->allocated_count_part,
	    (struct pmt_share){more->allocated_count, more->allocated_count_part});
	pmt_share_add(&f->freed_bytes, &f->freed_bytes_part,
		      (struct pmt_share){more->freed_bytes, more->freed_bytes_part});
	pmt_share_add(&f->freed_count, &f->freed_count_part,
		      (struct pmt_share){more->freed_count, more->freed_count_part});
	f->sample_count += more->sample_count;
	f->object_bytes += more->object_bytes;
	f->object_count += more->object_count;
	f->rss_up_pages += more->rss_up_pages;
	f->rss_down_pages += more->rss_down_pages;
	f->mapped_bytes = pmt_sum_wrapping(f->mapped_bytes, more->mapped_bytes);
	f->file_mapped_bytes =
	    pmt_sum_wrapping(f->file_mapped_bytes, more->file_mapped_bytes);
}

/* Allocated minus freed; negative for a call that frees what others allocated. */
static inline int64_t pmt_figures_net_bytes(const struct pmt_figures *f)
{
	return (int64_t)(f->allocated_bytes - f->freed_bytes);
}

static inline int64_t pmt_figures_rss_net_pages(const struct pmt_figures *f)
{
	return (int64_t)(f->rss_up_pages - f->rss_down_pages);
}

#endif
