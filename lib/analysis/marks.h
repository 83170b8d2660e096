/* What the program said itself through pymemtrace.h: marks and regions, with their time.
 * The first PMT_MARKS_KEPT are kept, all are counted. */
#ifndef PMT_ANALYSIS_MARKS_H
#define PMT_ANALYSIS_MARKS_H

#include <stdint.h>

#include "base/attr.h"
#include "format/payload.h"

enum { PMT_MARKS_KEPT = 4096, PMT_MARK_TEXT_BYTES = 1024 };

struct pmt_mark {
	uint64_t tick;
	uint32_t stream;
	uint8_t ext;      /* PMT_EXT_MARK, PMT_EXT_REGION_BEGIN or PMT_EXT_REGION_END */
	const char *text; /* owned by the marks; cut to PMT_MARK_TEXT_BYTES */
	/* Changes of the whole process until then, since the trace began. */
	int64_t rss_pages;
	int64_t heap_bytes;
};

/* All zero is an empty list that owns nothing. */
struct pmt_marks {
	struct pmt_mark *items;
	uint32_t count; /* kept */
	uint32_t capacity;
	uint64_t total_count;
};

void pmt_marks_close(struct pmt_marks *marks);

/* mark: all but its text. 0 or -ENOMEM. */
int pmt_marks_add(struct pmt_marks *marks, const struct pmt_mark *mark,
		  struct pmt_text text) PMT_MUST_CHECK;

#endif
