/* Which options go together: by what the modes write and what the details keep of it. */
#include "base/options.h"

#include <stddef.h>

/* What chooses among events or threads. A block that is left out when it comes, or when
 * it goes, would be one that was never made, or a leak. */
static const char *conflict_of_both(const struct pmt_options *options)
{
	return options->sample_bytes      ? "sample"
	       : options->min_rss_bytes   ? "min_rss"
	       : options->min_alloc_bytes ? "min_alloc"
	       : options->threads.count   ? "thread"
					  : NULL;
}

const char *pmt_options_conflict(const struct pmt_options *options)
{
	if (pmt_options_has_both(options))
		return options->detail == PMT_DETAIL_STREAM ? conflict_of_both(options)
							    : "mode";
	if (options->sample_bytes &&
	    (options->modes & PMT_MODE_OBJECTS || options->detail == PMT_DETAIL_LIVE))
		return "sample";
	if (options->gc && options->detail != PMT_DETAIL_STREAM)
		return "gc";
	switch ((enum pmt_detail)options->detail) {
	case PMT_DETAIL_TREE:
		return options->modes & ~(uint32_t)PMT_MODE_CALLS ? "mode"
		       : options->min_rss_bytes                   ? "min_rss"
		       : options->min_alloc_bytes                 ? "min_alloc"
								  : NULL;
	case PMT_DETAIL_LIVE:
		return options->modes & PMT_MODE_ALLOCS &&
			       !(options->modes & PMT_MODE_OBJECTS)
			   ? NULL
			   : "mode";
	case PMT_DETAIL_STREAM:
		break;
	}
	return NULL;
}
