/* Tables of figures of blocks. */
#include "analysis/block_metric.h"

static int64_t get_bytes(const struct pmt_figures *figures, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)pmt_share_rounded(figures->allocated_bytes,
					  figures->allocated_bytes_part);
}

static int64_t get_count(const struct pmt_figures *figures, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)pmt_share_rounded(figures->allocated_count,
					  figures->allocated_count_part);
}

static int64_t get_mapped(const struct pmt_figures *figures, uint32_t page_bytes)
{
	(void)page_bytes;
	return figures->mapped_bytes;
}

static int64_t get_allocated(const struct pmt_figures *figures, uint32_t page_bytes)
{
	(void)page_bytes;
	return (int64_t)figures->object_bytes;
}

static bool has_blocks(const struct pmt_measured *measured)
{
	return measured->blocks;
}

const struct pmt_metric pmt_leak_metrics[PMT_BLOCK_METRICS] = {
    {"bytes", "leaked_bytes", "leaked", PMT_UNIT_BYTES, true, get_bytes, has_blocks},
    {"count", "leaked_count", "blocks", PMT_UNIT_COUNT, true, get_count, has_blocks},
    {"mapped", "mapped_bytes", "mapped", PMT_UNIT_BYTES, true, get_mapped, has_blocks},
};

const struct pmt_metric pmt_live_metrics[PMT_BLOCK_METRICS] = {
    {"bytes", "live_bytes", "live", PMT_UNIT_BYTES, true, get_bytes, has_blocks},
    {"count", "live_count", "blocks", PMT_UNIT_COUNT, true, get_count, has_blocks},
    {"mapped", "mapped_bytes", "mapped", PMT_UNIT_BYTES, true, get_mapped, has_blocks},
};

const struct pmt_metric pmt_peak_metrics[PMT_BLOCK_METRICS] = {
    {"bytes", "peak_bytes", "at peak", PMT_UNIT_BYTES, true, get_bytes, has_blocks},
    {"count", "peak_count", "blocks", PMT_UNIT_COUNT, true, get_count, has_blocks},
    {"mapped", "mapped_bytes", "mapped", PMT_UNIT_BYTES, true, get_mapped, has_blocks},
};

const struct pmt_metric pmt_churn_metrics[PMT_BLOCK_METRICS] = {
    {"bytes", "temporary_bytes", "temporary", PMT_UNIT_BYTES, true, get_bytes,
     has_blocks},
    {"count", "temporary_count", "blocks", PMT_UNIT_COUNT, true, get_count, has_blocks},
    {"allocated", "allocated_bytes", "of all", PMT_UNIT_BYTES, true, get_allocated,
     has_blocks},
};
