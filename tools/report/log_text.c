/* Words for the log; see log_text.h. */
#include "report/log_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/analysis.h"
#include "base/varint.h"
#include "cli/figure_text.h"
#include "format/payload.h"
#include "format/payload_blocks.h"
#include "report/record_fields.h"

const char *pmt_log_text_name(uint8_t ext)
{
	struct pmt_record r = {.op = PMT_OP_EXTENDED, .ext = ext};

	return pmt_record_name(&r);
}

const char *pmt_log_text_gc_name(const struct pmt_record *r)
{
	static const char *const names[] = {"GC_START", "GC_STOP", "GC_GONE", "GC_BACK"};
	struct pmt_gc_event event;

	return pmt_payload_get_gc(r, &event) ? names[event.phase] : "GC";
}

const char *pmt_log_text_gc_counts_name(const struct pmt_record *r)
{
	struct pmt_gc_counts counts;

	return pmt_payload_get_gc_counts(r, &counts) && counts.collections ? "GC" : NULL;
}

static void say_gc_counts(const struct pmt_record *r, char *text, size_t size)
{
	struct pmt_gc_counts counts;
	char where[40] = "";

	if (!pmt_payload_get_gc_counts(r, &counts))
		return;
	if (counts.interpreter)
		snprintf(where, sizeof(where), " of interpreter %" PRIu64,
			 counts.interpreter);
	snprintf(text, size,
		 "generation %u%s: %" PRIu64 " collections by now, %" PRIu64
		 " objects collected",
		 counts.generation, where, counts.collections, counts.collected);
}

const char *pmt_log_text_gc(const struct pmt_gc_event *event, int64_t duration_ns,
			    char *text, size_t size)
{
	char where[40] = "", took[PMT_FIGURE_BYTES] = "unknown time";

	if (event->interpreter)
		snprintf(where, sizeof(where), ", interpreter %" PRIu64,
			 event->interpreter);
	if (event->ticks)
		pmt_figure_duration(took, duration_ns);
	switch ((enum pmt_gc_phase)event->phase) {
	case PMT_GC_START:
		snprintf(text, size, "generation %u%s", event->generation, where);
		break;
	case PMT_GC_STOP:
		snprintf(text, size,
			 "generation %u, collected %" PRIu64 ", uncollectable %" PRIu64
			 ", %s%s",
			 event->generation, event->collected, event->uncollectable, took,
			 where);
		break;
	case PMT_GC_GONE:
		snprintf(text, size,
			 "the program took the tracer out of gc.callbacks: collections "
			 "are not seen from here on%s",
			 where);
		break;
	case PMT_GC_BACK:
		snprintf(text, size,
			 "the program put the tracer into gc.callbacks again%s", where);
		break;
	}
	return text;
}

/* count varints of the payload; those that are missing are 0. */
static void get_numbers(const struct pmt_record *r, uint64_t *numbers, unsigned count)
{
	const uint8_t *at = r->payload, *end = at + r->payload_bytes;

	memset(numbers, 0, count * sizeof(*numbers));
	for (unsigned i = 0; i < count; i++)
		if (!pmt_varint_get(&at, end, &numbers[i]))
			break;
}

static void say_mark(const struct pmt_record *r, char *text, size_t size)
{
	const uint8_t *at = r->payload;
	struct pmt_text words;

	if (pmt_payload_get_text(&at, at + r->payload_bytes, &words))
		snprintf(text, size, "%.*s", (int)(words.size < size ? words.size : size),
			 words.bytes);
}

static void say_loss(const struct pmt_record *r, char *text, size_t size)
{
	uint64_t n[2];

	get_numbers(r, n, 2);
	snprintf(text, size, "%" PRIu64 " lost: %s", n[1],
		 pmt_loss_name(n[0] < PMT_LOSS_COUNT ? (unsigned)n[0] : PMT_LOSS_COUNT));
}

static void say_end(const struct pmt_record *r, char *text, size_t size)
{
	uint64_t n[2];

	get_numbers(r, n, 2);
	snprintf(text, size, "%s %" PRId64, pmt_end_name((enum pmt_end)n[0]),
		 pmt_unzigzag(n[1]));
}

static void say_sample(const struct pmt_record *r, char *text, size_t size)
{
	char rss[PMT_FIGURE_BYTES], peak[PMT_FIGURE_BYTES], heap[PMT_FIGURE_BYTES];
	struct pmt_sample s;

	if (!pmt_payload_get_sample(r, &s))
		return;
	snprintf(text, size,
		 "rss %s, peak %s, heap %s, faults %" PRIu64 "+%" PRIu64
		 ", threads %" PRIu64,
		 pmt_figure_bytes(rss, s.rss_bytes, false),
		 pmt_figure_bytes(peak, s.rss_peak_bytes, false),
		 pmt_figure_change(heap, s.heap_bytes, false), s.minor_faults,
		 s.major_faults, s.thread_count);
}

static void say_thread(const struct pmt_record *r, char *text, size_t size)
{
	struct pmt_thread_def def;

	if (pmt_payload_get_thread(r, &def))
		snprintf(text, size, "thread %" PRIu32 " begins, RSS method %s",
			 def.os_tid, pmt_rss_method_name(def.rss_method));
}

static void say_point(const struct pmt_record *r, char *text, size_t size)
{
	static const char *const words[] = {"call",   "return",   "resume", "yield",
					    "throw",  "unwind",   "line",   "?",
					    "C call", "C return", "C raise"};
	struct pmt_point point;

	if (pmt_payload_get_point(r, &point))
		snprintf(text, size, "%s, %" PRIu64 " events skipped before",
			 point.op < sizeof(words) / sizeof(words[0]) ? words[point.op]
								     : "?",
			 point.skipped_count);
}

static void say_block(const struct pmt_event *e, char *text, size_t size)
{
	const struct pmt_block_alloc *alloc = &e->block.alloc;
	struct pmt_fault fault;

	if (e->record.ext == PMT_EXT_ALLOC && e->block.is_readable)
		snprintf(text, size, "%s 0x%" PRIx64 " %" PRIu64 " bytes, stack %" PRIu32,
			 pmt_block_kind_name(alloc->kind), e->address,
			 alloc->requested_bytes, alloc->stack_id);
	else if (e->record.ext == PMT_EXT_FREE && e->block.is_readable)
		snprintf(text, size, "%s 0x%" PRIx64,
			 pmt_block_kind_name(e->block.release.kind), e->address);
	else if (e->record.ext == PMT_EXT_FAULT &&
		 pmt_payload_get_fault(&e->record, &fault))
		snprintf(text, size, "0x%" PRIx64 " %" PRIu64 " pages, stack %" PRIu32,
			 e->address, fault.pages, fault.stack_id);
	else
		snprintf(text, size, "0x%" PRIx64, e->address);
}

const char *pmt_log_text_words(const struct pmt_event *event, char *text, size_t size)
{
	const struct pmt_record *r = &event->record;

	text[0] = '\0';
	if (event->kind == PMT_EVENT_GAP) {
		snprintf(text, size, "%" PRIu64 " bytes of records are missing",
			 event->gap_bytes);
		return text;
	}
	switch (r->ext) {
	case PMT_EXT_MARK:
	case PMT_EXT_REGION_BEGIN:
	case PMT_EXT_REGION_END:
		say_mark(r, text, size);
		break;
	case PMT_EXT_LOSS:
		say_loss(r, text, size);
		break;
	case PMT_EXT_END:
		say_end(r, text, size);
		break;
	case PMT_EXT_SAMPLE:
		say_sample(r, text, size);
		break;
	case PMT_EXT_THREAD:
		say_thread(r, text, size);
		break;
	case PMT_EXT_POINT:
		say_point(r, text, size);
		break;
	case PMT_EXT_GC_COUNTS:
		say_gc_counts(r, text, size);
		break;
	case PMT_EXT_TREE_BEGIN:
		snprintf(text, size,
			 "from here on there are no events: calls are summed per call "
			 "path, as with detail=tree");
		break;
	case PMT_EXT_ALLOC:
	case PMT_EXT_FREE:
	case PMT_EXT_FAULT:
		say_block(event, text, size);
		break;
	default:
		break;
	}
	return text;
}
