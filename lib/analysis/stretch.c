/* Two moments, found in the marks of a trace. */
#include "analysis/stretch.h"

#include <string.h>

#include "format/format.h"
#include "format/payload_blocks.h"

void pmt_stretch_init(struct pmt_stretch *stretch,
		      const struct pmt_stretch_options *options)
{
	*stretch = (struct pmt_stretch){.options = *options};
	stretch->has_begun = !options->from && !options->region;
}

static bool is_text(const char *wanted, struct pmt_text text)
{
	return strlen(wanted) == text.size && memcmp(wanted, text.bytes, text.size) == 0;
}

static void begin(struct pmt_stretch *stretch, uint32_t stream, uint64_t tick)
{
	stretch->begin_count++;
	if (stretch->has_begun)
		return;
	stretch->has_begun = true;
	stretch->from_tick = tick;
	stretch->stream = stream;
}

static void end(struct pmt_stretch *stretch, uint64_t tick)
{
	stretch->has_ended = true;
	stretch->to_tick = tick;
}

/* A region ends in its own thread; those of its name within it end before it. */
static void meet_region(struct pmt_stretch *stretch, uint8_t ext, uint32_t stream,
			uint64_t tick)
{
	bool is_inside =
	    stretch->has_begun && !stretch->has_ended && stream == stretch->stream;

	if (ext == PMT_EXT_REGION_BEGIN) {
		stretch->nested += is_inside;
		begin(stretch, stream, tick);
	} else if (ext == PMT_EXT_REGION_END && is_inside && stretch->nested-- == 0) {
		end(stretch, tick);
	}
}

static void meet_marks(struct pmt_stretch *stretch, uint32_t stream, uint64_t tick,
		       struct pmt_text text)
{
	const char *to = stretch->options.to ? stretch->options.to : PMT_MARK_PYTHON_ENDS;

	if (stretch->has_begun && !stretch->has_ended && is_text(to, text))
		end(stretch, tick);
	if (stretch->options.from && is_text(stretch->options.from, text))
		begin(stretch, stream, tick);
}

void pmt_stretch_meet(struct pmt_stretch *stretch, uint8_t ext, uint32_t stream,
		      uint64_t tick, struct pmt_text text)
{
	const char *region = stretch->options.region;

	if (!region)
		meet_marks(stretch, stream, tick, text);
	else if (is_text(region, text))
		meet_region(stretch, ext, stream, tick);
}
