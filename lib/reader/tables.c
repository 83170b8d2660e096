/*
 * Tables: extended records in, names and facts out. Functions (codes.c) and the clock
 * (clock.c) have files of their own; here are threads, facts and losses.
 */
#include "reader/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "reader/codes.h"
#include "reader/contexts.h"
#include "reader/numbers.h"
#include "reader/texts.h"

enum {
	/* More facts than any tracer tells; they are searched one by one. */
	INFOS_MAX = 1024,
};

struct pmt_tables {
	struct pmt_texts texts;
	struct pmt_codes codes;
	struct pmt_contexts contexts;

	struct pmt_thread_info *threads;
	size_t thread_count;
	struct pmt_numbers thread_by_stream;

	struct pmt_info *infos;
	size_t info_count;

	struct pmt_clock_base checkpoints;

	uint64_t lost[PMT_LOSS_COUNT + 1];
};

struct pmt_tables *pmt_tables_new(const struct pmt_trace *trace)
{
	struct pmt_tables *tables = calloc(1, sizeof(*tables));

	if (tables)
		tables->checkpoints.ticks_per_second =
		    pmt_trace_header(trace)->ticks_per_second;
	return tables;
}

void pmt_tables_free(struct pmt_tables *tables)
{
	if (!tables)
		return;
	pmt_codes_close(&tables->codes);
	pmt_contexts_close(&tables->contexts);
	pmt_numbers_close(&tables->thread_by_stream);
	for (size_t i = 0; i < tables->info_count; i++)
		free((char *)tables->infos[i].value);
	free(tables->threads);
	free(tables->infos);
	pmt_texts_close(&tables->texts);
	free(tables);
}

/* Room for one more element at the end of an array that doubles. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? count * 2 : 1, size);
}

/* The entry of a stream, made at its first event of interest; NULL: no memory. */
static struct pmt_thread_info *own_thread(struct pmt_tables *tables,
					  const struct pmt_event *event)
{
	uint32_t place = pmt_numbers_get(&tables->thread_by_stream, event->stream);
	struct pmt_thread_info *threads;

	if (place != PMT_NUMBERS_NONE)
		return &tables->threads[place];
	threads = grow(tables->threads, tables->thread_count, sizeof(*threads));
	if (!threads)
		return NULL;
	tables->threads = threads;
	if (pmt_numbers_put(&tables->thread_by_stream, event->stream,
			    (uint32_t)tables->thread_count) != 0)
		return NULL;
	struct pmt_thread_info *thread = &threads[tables->thread_count++];
	*thread = (struct pmt_thread_info){
	    .stream = event->stream,
	    .name = "",
	    .first_tick = event->tick_known ? event->tick : 0,
	};
	return thread;
}

static int add_thread(struct pmt_tables *tables, const struct pmt_event *event)
{
	struct pmt_thread_def def;
	struct pmt_thread_info *thread = own_thread(tables, event);

	if (!thread)
		return -ENOMEM;
	if (!pmt_payload_get_thread(&event->record, &def))
		return 0;
	const char *name = pmt_texts_keep(&tables->texts, def.name);
	if (!name)
		return -ENOMEM;
	thread->os_tid = def.os_tid;
	thread->rss_method = def.rss_method;
	thread->is_main = def.is_main;
	thread->defined = true;
	thread->name = name;
	return 0;
}

static int add_checkpoint(struct pmt_tables *tables, const struct pmt_event *event)
{
	struct pmt_checkpoint point;
	struct pmt_thread_info *thread = own_thread(tables, event);

	if (!thread)
		return -ENOMEM;
	if (!pmt_payload_get_checkpoint(&event->record, &point))
		return 0;
	thread->last_tick = point.tick;
	thread->event_count = point.event_count;
	pmt_clock_base_add(&tables->checkpoints, &point);
	return 0;
}

/* Keys are kept once, so that equal ones are the same pointer. NULL: no memory. */
static struct pmt_info *own_info(struct pmt_tables *tables, const char *key)
{
	struct pmt_info *infos;

	for (size_t i = 0; i < tables->info_count; i++)
		if (tables->infos[i].key == key)
			return &tables->infos[i];
	infos = grow(tables->infos, tables->info_count, sizeof(*infos));
	if (!infos)
		return NULL;
	tables->infos = infos;
	infos[tables->info_count] = (struct pmt_info){.key = key};
	return &infos[tables->info_count++];
}

static int add_info(struct pmt_tables *tables, const struct pmt_event *event)
{
	const uint8_t *p = event->record.payload;
	const uint8_t *end = p + event->record.payload_bytes;
	struct pmt_text key_text, text;

	if (!pmt_payload_get_text(&p, end, &key_text) ||
	    !pmt_payload_get_text(&p, end, &text))
		return 0;
	const char *key = pmt_texts_keep(&tables->texts, key_text);
	if (tables->info_count == INFOS_MAX)
		return 0;
	char *value = malloc(text.size + 1);
	struct pmt_info *info = key && value ? own_info(tables, key) : NULL;
	if (!info) {
		free(value);
		return -ENOMEM;
	}
	memcpy(value, text.bytes, text.size);
	value[text.size] = '\0';
	free((char *)info->value);
	info->value = value;
	info->value_bytes = text.size;
	return 0;
}

static void add_loss(struct pmt_tables *tables, const struct pmt_event *event)
{
	const uint8_t *p = event->record.payload;
	const uint8_t *end = p + event->record.payload_bytes;
	uint64_t cause, count;

	if (!pmt_varint_get(&p, end, &cause) || !pmt_varint_get(&p, end, &count))
		return;
	tables->lost[cause < PMT_LOSS_COUNT ? cause : PMT_LOSS_COUNT] += count;
}

int pmt_tables_add(struct pmt_tables *tables, const struct pmt_event *event)
{
	if (event->kind != PMT_EVENT_RECORD || event->record.op != PMT_OP_EXTENDED)
		return 0;
	switch (event->record.ext) {
	case PMT_EXT_CODE:
		return pmt_codes_add(&tables->codes, &tables->texts, &event->record);
	case PMT_EXT_STACK:
		return pmt_contexts_add(&tables->contexts, event->stream, &event->record);
	case PMT_EXT_CODE_LINES:
		return pmt_codes_add_lines(&tables->codes, &event->record);
	case PMT_EXT_THREAD:
		return add_thread(tables, event);
	case PMT_EXT_CHECKPOINT:
		return add_checkpoint(tables, event);
	case PMT_EXT_INFO:
		return add_info(tables, event);
	case PMT_EXT_LOSS:
		add_loss(tables, event);
		return 0;
	default:
		return 0;
	}
}

int pmt_tables_scan(struct pmt_tables *tables, struct pmt_trace *trace)
{
	for (size_t i = 0; i < pmt_trace_stream_count(trace); i++) {
		struct pmt_cursor *cursor =
		    pmt_cursor_new(trace, pmt_trace_stream(trace, i)->number, tables);
		if (!cursor)
			return -ENOMEM;
		while (pmt_cursor_next(cursor))
			;
		int rc = pmt_cursor_error(cursor);
		pmt_cursor_free(cursor);
		if (rc != 0)
			return rc;
	}
	return 0;
}

const struct pmt_code *pmt_tables_code(const struct pmt_tables *tables, uint32_t id)
{
	return pmt_codes_find(&tables->codes, id);
}

const struct pmt_context *pmt_tables_context(const struct pmt_tables *tables,
					     uint32_t stream, uint32_t id)
{
	return pmt_contexts_find(&tables->contexts, stream, id);
}

size_t pmt_tables_code_count(const struct pmt_tables *tables)
{
	return tables->codes.count;
}

const struct pmt_code *pmt_tables_code_at(const struct pmt_tables *tables, size_t i)
{
	return &tables->codes.codes[i];
}

const struct pmt_thread_info *pmt_tables_thread(const struct pmt_tables *tables,
						uint32_t stream)
{
	uint32_t place = pmt_numbers_get(&tables->thread_by_stream, stream);

	return place == PMT_NUMBERS_NONE ? NULL : &tables->threads[place];
}

size_t pmt_tables_thread_count(const struct pmt_tables *tables)
{
	return tables->thread_count;
}

const struct pmt_thread_info *pmt_tables_thread_at(const struct pmt_tables *tables,
						   size_t i)
{
	return &tables->threads[i];
}

const char *pmt_tables_info(const struct pmt_tables *tables, const char *key)
{
	for (size_t i = 0; i < tables->info_count; i++)
		if (strcmp(tables->infos[i].key, key) == 0)
			return tables->infos[i].value;
	return NULL;
}

size_t pmt_tables_info_count(const struct pmt_tables *tables)
{
	return tables->info_count;
}

const struct pmt_info *pmt_tables_info_at(const struct pmt_tables *tables, size_t i)
{
	return &tables->infos[i];
}

uint64_t pmt_tables_lost(const struct pmt_tables *tables, unsigned cause)
{
	return tables->lost[cause < PMT_LOSS_COUNT ? cause : PMT_LOSS_COUNT];
}

struct pmt_clock pmt_tables_clock(const struct pmt_tables *tables)
{
	return pmt_clock_of(&tables->checkpoints);
}
