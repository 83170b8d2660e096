/*
 * print_events TRACE: every record as one line of tab-separated fields, for the black-box
 * tests. It uses the reader and nothing of lib/analysis, so that what a test adds up
 * itself is a second opinion on the report.
 *
 *   trace   STREAM TICK KIND [FIELD]...     the kinds are in the functions below
 *   text    bytes that would break the line are \xNN
 */
#include <inttypes.h>
#include <stdio.h>

#include "reader/cursor.h"
#include "reader/tables.h"
#include "reader/trace.h"

static const char *const ops[] = {"start", "return", "resume", "yield",
				  "throw", "unwind", "line"};

static void print_text(const char *bytes, size_t size)
{
	putchar('\t');
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c < ' ' || c == '\\' || c == 0x7f)
			printf("\\x%02x", c);
		else
			putchar(c);
	}
}

/* Each group of deltas only where one of it is not 0. */
static void print_deltas(const struct pmt_deltas *d)
{
	if (d->allocated_count | d->freed_count)
		printf("\tm=%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		       d->allocated_bytes, d->allocated_count, d->freed_bytes,
		       d->freed_count);
	if (d->object_count)
		printf("\to=%" PRIu64 ",%" PRIu64, d->object_bytes, d->object_count);
	if (d->rss_pages)
		printf("\tr=%" PRId64, d->rss_pages);
	if (d->mapped_bytes | d->file_mapped_bytes)
		printf("\tp=%" PRId64 ",%" PRId64, d->mapped_bytes, d->file_mapped_bytes);
}

static void print_code(const struct pmt_record *r)
{
	struct pmt_code_def def;

	if (!pmt_payload_get_code(r, &def))
		return;
	printf("\t%" PRIu32 "\t%" PRIu64 "\t%u", def.id, def.first_line, def.kind);
	print_text(def.name.bytes, def.name.size);
	print_text(def.file.bytes, def.file.size);
}

static void print_thread(const struct pmt_record *r)
{
	struct pmt_thread_def def;

	if (!pmt_payload_get_thread(r, &def))
		return;
	printf("\t%" PRIu32 "\t%u\t%d", def.os_tid, def.rss_method, def.is_main);
	print_text(def.name.bytes, def.name.size);
}

static void print_checkpoint(const struct pmt_record *r)
{
	struct pmt_checkpoint point;

	if (!pmt_payload_get_checkpoint(r, &point))
		return;
	printf("\t%" PRIu64 "\t%" PRIu64, point.depth, point.event_count);
	print_deltas(&point.sums);
}

static void print_thread_sums(const struct pmt_record *r)
{
	struct pmt_deltas sums;
	uint32_t tid;

	if (!pmt_payload_get_thread_sums(r, &tid, &sums))
		return;
	printf("\t%" PRIu32, tid);
	print_deltas(&sums);
}

static void print_varints(const struct pmt_record *r)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	uint64_t value;

	while (p < end && pmt_varint_get(&p, end, &value))
		printf("\t%" PRIu64, value);
}

static void print_sample(const struct pmt_record *r)
{
	struct pmt_sample sample;

	if (pmt_payload_get_sample(r, &sample))
		printf("\t%" PRIu64, sample.rss_bytes);
}

/* Payloads that are texts with their lengths: marks, regions, info. */
static void print_texts(const struct pmt_record *r)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	struct pmt_text text;

	while (p < end && pmt_payload_get_text(&p, end, &text))
		print_text(text.bytes, text.size);
}

static const struct {
	uint8_t ext;
	const char *kind;
	void (*print)(const struct pmt_record *r);
} extended[] = {
    {PMT_EXT_C_CALL, "c_call", print_varints},
    {PMT_EXT_C_RETURN, "c_return", print_varints},
    {PMT_EXT_C_RAISE, "c_raise", print_varints},
    /* operation, function, who ran until it, depth, skipped, perhaps the two lines */
    {PMT_EXT_POINT, "point", print_varints},
    {PMT_EXT_CODE, "code", print_code},       /* id, first line, kind, name, file */
    {PMT_EXT_THREAD, "thread", print_thread}, /* tid, RSS method, is main, name */
    {PMT_EXT_INFO, "info", print_texts},      /* key, value */
    {PMT_EXT_CHECKPOINT, "checkpoint", print_checkpoint}, /* depth, events, its sums */
    {PMT_EXT_LOSS, "loss", print_varints},    /* cause, count, depth, lowest depth */
    {PMT_EXT_END, "end", print_varints},      /* how, zigzag status, events */
    {PMT_EXT_SAMPLE, "sample", print_sample}, /* RSS in bytes */
    {PMT_EXT_THREAD_SUMS, "sums", print_thread_sums}, /* tid, its sums */
    {PMT_EXT_MARK, "mark", print_texts},
    {PMT_EXT_REGION_BEGIN, "region_begin", print_texts},
    {PMT_EXT_REGION_END, "region_end", print_texts},
    {PMT_EXT_PAUSE, "pause", print_varints},
    {PMT_EXT_CONTINUE, "continue", print_varints},
    /* phase, generation, interpreter; at the end collected, uncollectable, ticks */
    {PMT_EXT_GC, "gc", print_varints},
};

static void print_extended(const struct pmt_record *r)
{
	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++) {
		if (extended[i].ext != r->ext)
			continue;
		printf("%s", extended[i].kind);
		extended[i].print(r);
		return;
	}
	printf("ext%02x", r->ext);
}

static void print_event(const struct pmt_event *e)
{
	const struct pmt_record *r = &e->record;

	printf("%" PRIu32 "\t%" PRIu64 "\t", e->stream, e->tick);
	if (e->kind == PMT_EVENT_GAP) {
		printf("gap\t%" PRIu64 "\n", e->gap_bytes);
		return;
	}
	if (r->op == PMT_OP_EXTENDED) {
		print_extended(r);
	} else {
		printf("%s", ops[r->op]);
		if (pmt_op_is_enter(r->op))
			printf("\t%" PRIu32, r->code_id);
		else if (r->op == PMT_OP_LINE)
			printf("\t%" PRIu64, r->line);
	}
	/* The deltas come last and have an equals sign behind a letter; a "|" sets them
	 * apart from those of a payload. */
	printf("\t|");
	print_deltas(&r->deltas);
	putchar('\n');
}

static int print_all(struct pmt_trace *trace)
{
	int result = 0;

	for (size_t i = 0; i < pmt_trace_stream_count(trace); i++) {
		uint32_t number = pmt_trace_stream(trace, i)->number;
		struct pmt_cursor *cursor = pmt_cursor_new(trace, number, NULL);
		const struct pmt_event *event;

		while (cursor && (event = pmt_cursor_next(cursor)))
			print_event(event);
		if (!cursor || pmt_cursor_error(cursor))
			result = 3;
		pmt_cursor_free(cursor);
	}
	return pmt_trace_problem_count(trace) ? 3 : result;
}

int main(int argc, char **argv)
{
	struct pmt_problem problem;

	if (argc != 2) {
		fprintf(stderr, "usage: print_events TRACE\n");
		return 2;
	}
	struct pmt_trace *trace = pmt_trace_open(argv[1], NULL, &problem);
	if (!trace) {
		fprintf(stderr, "print_events: %s cannot be read\n", argv[1]);
		return 3;
	}
	int result = print_all(trace);
	pmt_trace_close(trace);
	if (fflush(stdout) || ferror(stdout))
		return 3;
	return result;
}
