/*
 * A stretch of the program's time, from a mark that it set to another, or a region of it:
 * finds both moments as the marks come. The first that fits counts: the first `from`, the
 * first `to` behind it, the first region of that name with the end that closes it.
 */
#ifndef PMT_ANALYSIS_STRETCH_H
#define PMT_ANALYSIS_STRETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "format/payload.h"

struct pmt_stretch_options {
	const char *from;   /* NULL: from the beginning of the trace */
	const char *to;     /* NULL: where the interpreter begins to end, or the end */
	const char *region; /* in place of both; NULL: none */
};

/* Which of its moments is where a model ends. */
enum pmt_until {
	PMT_UNTIL_END = 0, /* of the trace: no stretch */
	PMT_UNTIL_FROM,
	PMT_UNTIL_TO,
};

struct pmt_stretch {
	struct pmt_stretch_options options;
	bool has_begun;
	bool has_ended;
	uint64_t from_tick;
	uint64_t to_tick;
	uint64_t begin_count; /* of marks and regions that could have begun it */
	uint32_t stream;      /* of the region */
	uint32_t nested;      /* regions of that name, in it */
};

void pmt_stretch_init(struct pmt_stretch *stretch,
		      const struct pmt_stretch_options *options);

/* A mark, or the begin or the end of a region (ext), in the order of time. */
void pmt_stretch_meet(struct pmt_stretch *stretch, uint8_t ext, uint32_t stream,
		      uint64_t tick, struct pmt_text text);

/* Whether the moment was met. */
static inline bool pmt_stretch_is_at(const struct pmt_stretch *stretch,
				     enum pmt_until until)
{
	return (until == PMT_UNTIL_FROM && stretch->has_begun) ||
	       (until == PMT_UNTIL_TO && stretch->has_ended);
}

#endif
