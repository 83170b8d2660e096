/* The table of figures. */
#include "analysis/metric.h"

#include <string.h>

static int64_t get_calls(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)f->call_count;
}

static int64_t get_allocated(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)pmt_share_rounded(f->allocated_bytes, f->allocated_bytes_part);
}

static int64_t get_allocated_count(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)pmt_share_rounded(f->allocated_count, f->allocated_count_part);
}

static int64_t get_freed(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)pmt_share_rounded(f->freed_bytes, f->freed_bytes_part);
}

static int64_t get_freed_count(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)pmt_share_rounded(f->freed_count, f->freed_count_part);
}

static int64_t get_net(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return pmt_figures_net_bytes(f);
}

static int64_t get_object_bytes(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)f->object_bytes;
}

static int64_t get_object_count(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)f->object_count;
}

static int64_t get_rss_up(const struct pmt_figures *f, uint32_t page_bytes)
{
	return pmt_pages_to_bytes((int64_t)f->rss_up_pages, page_bytes);
}

static int64_t get_rss_down(const struct pmt_figures *f, uint32_t page_bytes)
{
	return pmt_pages_to_bytes((int64_t)f->rss_down_pages, page_bytes);
}

static int64_t get_rss_net(const struct pmt_figures *f, uint32_t page_bytes)
{
	return pmt_pages_to_bytes(pmt_figures_rss_net_pages(f), page_bytes);
}

static int64_t get_mapped(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return f->mapped_bytes;
}

static int64_t get_file_mapped(const struct pmt_figures *f, uint32_t page_bytes)
{
	(void)page_bytes;
	return f->file_mapped_bytes;
}

static bool has_calls(const struct pmt_measured *m)
{
	return m->calls;
}

static bool has_mallocs(const struct pmt_measured *m)
{
	return m->mallocs;
}

static bool has_objects(const struct pmt_measured *m)
{
	return m->objects;
}

static bool has_rss(const struct pmt_measured *m)
{
	return m->rss;
}

static bool has_mapped(const struct pmt_measured *m)
{
	return m->mapped;
}

/* In the order of JSON parts and of PMT_METRIC_KEYS' help. */
const struct pmt_metric pmt_metrics[] = {
    {"allocated", "allocated_bytes", "allocated", PMT_UNIT_BYTES, true, get_allocated,
     has_mallocs},
    {"allocated-count", "allocated_count", "mallocs", PMT_UNIT_COUNT, true,
     get_allocated_count, has_mallocs},
    {"freed", "freed_bytes", "freed", PMT_UNIT_BYTES, true, get_freed, has_mallocs},
    {"freed-count", "freed_count", "frees", PMT_UNIT_COUNT, true, get_freed_count,
     has_mallocs},
    {"net", "net_bytes", "net", PMT_UNIT_CHANGE, true, get_net, has_mallocs},
    {"objects", "object_bytes", "objects", PMT_UNIT_BYTES, true, get_object_bytes,
     has_objects},
    {"object-count", "object_count", "objects", PMT_UNIT_COUNT, true, get_object_count,
     has_objects},
    {"rss-up", "rss_up_bytes", "RSS up", PMT_UNIT_BYTES, true, get_rss_up, has_rss},
    {"rss-down", "rss_down_bytes", "RSS down", PMT_UNIT_BYTES, true, get_rss_down,
     has_rss},
    {"rss-net", "rss_net_bytes", "RSS net", PMT_UNIT_CHANGE, true, get_rss_net, has_rss},
    {"mapped", "mapped_bytes", "mapped", PMT_UNIT_CHANGE, true, get_mapped, has_mapped},
    {"file-mapped", "file_mapped_bytes", "files", PMT_UNIT_CHANGE, true, get_file_mapped,
     has_mapped},
    {"calls", "calls", "calls", PMT_UNIT_COUNT, false, get_calls, has_calls},
};
const size_t pmt_metric_count = sizeof(pmt_metrics) / sizeof(*pmt_metrics);

const struct pmt_metric *pmt_metric_find(const char *key)
{
	for (size_t i = 0; i < pmt_metric_count; i++) {
		if (strcmp(pmt_metrics[i].key, key) == 0)
			return &pmt_metrics[i];
	}
	return NULL;
}
