/* See log_jump.h; the rule of points is that of lib/tracer/event/trigger.h. */
#include "report/log_jump.h"

#include <stdlib.h>

static int64_t info_bytes(const struct pmt_analysis *a, const char *key)
{
	const char *value = pmt_tables_info(a->tables, key);

	return value ? strtoll(value, NULL, 10) : 0;
}

/* Of a forged trace sums and differences wrap. */
static int64_t added(int64_t sum, uint64_t more)
{
	return (int64_t)((uint64_t)sum + more);
}

static bool is_moved(int64_t by, int64_t limit)
{
	return (by < 0 ? -(uint64_t)by : (uint64_t)by) >= (uint64_t)limit;
}

struct pmt_log_limits pmt_log_limits_of(const struct pmt_analysis *a,
					const struct pmt_report_request *request)
{
	struct pmt_log_limits limits = {
	    .process_rss_bytes = request->trigger_bytes,
	    .rss_bytes = info_bytes(a, "min_rss"),
	    .alloc_bytes = info_bytes(a, "min_alloc"),
	};

	if (limits.process_rss_bytes < 0 &&
	    !(limits.rss_bytes > 0 || limits.alloc_bytes > 0))
		limits.process_rss_bytes = a->model->page_bytes;
	return limits;
}

void pmt_log_moved_add(struct pmt_log_moved *moved, const struct pmt_log_line *line,
		       uint32_t page_bytes)
{
	const struct pmt_deltas *d = &line->event->record.deltas;

	moved->rss_bytes = added(moved->rss_bytes, (uint64_t)d->rss_pages * page_bytes);
	moved->kept_bytes = added(moved->kept_bytes, d->allocated_bytes - d->freed_bytes);
}

bool pmt_log_moved_is_jump(const struct pmt_log_moved *moved,
			   const struct pmt_log_limits *limits,
			   const struct pmt_log_line *line)
{
	const struct pmt_deltas *d = &line->event->record.deltas;
	uint64_t alloc = (uint64_t)limits->alloc_bytes;

	if (limits->process_rss_bytes >= 0)
		return is_moved(
		    added(line->rss_bytes, -(uint64_t)moved->process_rss_bytes),
		    limits->process_rss_bytes);
	if (limits->rss_bytes > 0 && is_moved(moved->rss_bytes, limits->rss_bytes))
		return true;
	return limits->alloc_bytes > 0 &&
	       (is_moved(moved->kept_bytes, limits->alloc_bytes) ||
		d->allocated_bytes >= alloc || d->freed_bytes >= alloc);
}

void pmt_log_moved_restart(struct pmt_log_moved *moved, const struct pmt_log_line *line)
{
	*moved = (struct pmt_log_moved){.process_rss_bytes = line->rss_bytes};
}
