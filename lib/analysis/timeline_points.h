/*
 * The timeline as it is shown: a wanted number of points with absolute figures, from
 * events and samples together. Where a point has neither, the last known value goes on.
 */
#ifndef PMT_ANALYSIS_TIMELINE_POINTS_H
#define PMT_ANALYSIS_TIMELINE_POINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/model.h"
#include "base/attr.h"

struct pmt_timeline_point {
	uint64_t from_tick;
	uint64_t to_tick;
	bool rss_known;
	bool heap_known;
	int64_t rss_max_bytes; /* highest in the stretch */
	int64_t rss_bytes;     /* at its end */
	int64_t heap_max_bytes;
	int64_t heap_bytes;
	uint64_t event_count;
	uint64_t sample_count;
	struct pmt_sample sample; /* the last, with sample_count */
	int64_t rise_bytes;       /* largest rise of RSS by one event, and who ran */
	uint32_t rise_node;
};

/*
 * At most wanted points; fewer when time was not divided so finely, unless stretch, then
 * exactly wanted (some repeat). *ret_points is freed by the caller; *ret_count may be 0.
 * 0 or -ENOMEM.
 */
int pmt_timeline_points_new(const struct pmt_model *model, uint32_t wanted, bool stretch,
			    struct pmt_timeline_point **ret_points,
			    uint32_t *ret_count) PMT_MUST_CHECK;

#endif
