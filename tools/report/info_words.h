/* Words of the view "info" about how the trace was made. */
#ifndef PMT_REPORT_INFO_WORDS_H
#define PMT_REPORT_INFO_WORDS_H

#include <stddef.h>

#include "format/payload.h"
#include "reader/trace.h"

/* What a method of reading the resident set sees beside what the mode records, and how
 * far off it can be. */
const char *pmt_info_rss_bound(enum pmt_rss_method method, const char *mode);

/* "gone", "salvaged"...: the ring's state in JSON. */
const char *pmt_info_ring_name(enum pmt_ring_state state);

/* What was found of the ring, as a sentence. Returns text. */
const char *pmt_info_ring_words(const struct pmt_trace *trace, char *text, size_t size);

#endif
