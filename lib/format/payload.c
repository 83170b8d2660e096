/*
 * Encoders and decoders of multi-field payloads, side by side so that they stay equal:
 * each pair lists its fields in the same order.
 */
#include "format/payload.h"

#include <string.h>

const char *pmt_rss_method_name(enum pmt_rss_method method)
{
	switch (method) {
	case PMT_RSS_EXACT:
		return "exact";
	case PMT_RSS_TRIGGER:
		return "trigger";
	case PMT_RSS_CLOCK:
		return "clock";
	case PMT_RSS_EACH:
		return "each";
	case PMT_RSS_OFF:
		break;
	}
	return "off";
}

/* A cursor that remembers failure, so that decoders read as a list of fields. */
struct source {
	const uint8_t *at;
	const uint8_t *end;
	bool ok;
};

static struct source source_of(const struct pmt_record *r)
{
	return (struct source){r->payload, r->payload + r->payload_bytes, true};
}

static uint64_t get_u64(struct source *s)
{
	uint64_t value = 0;

	if (s->ok)
		s->ok = pmt_varint_get(&s->at, s->end, &value);
	return value;
}

static int64_t get_i64(struct source *s)
{
	return pmt_unzigzag(get_u64(s));
}

static uint32_t get_u32(struct source *s)
{
	uint64_t value = get_u64(s);

	if (value > UINT32_MAX)
		s->ok = false;
	return (uint32_t)value;
}

static uint8_t get_u8(struct source *s)
{
	uint64_t value = get_u64(s);

	if (value > UINT8_MAX)
		s->ok = false;
	return (uint8_t)value;
}

static struct pmt_text get_text(struct source *s)
{
	struct pmt_text text = {"", 0};

	if (s->ok)
		s->ok = pmt_payload_get_text(&s->at, s->end, &text);
	return text;
}

static uint8_t *put_i64(uint8_t *p, int64_t value)
{
	return pmt_varint_put(p, pmt_zigzag(value));
}

uint8_t *pmt_payload_put_sums(uint8_t *p, const struct pmt_deltas *d)
{
	p = pmt_varint_put(p, d->allocated_bytes);
	p = pmt_varint_put(p, d->allocated_count);
	p = pmt_varint_put(p, d->freed_bytes);
	p = pmt_varint_put(p, d->freed_count);
	p = pmt_varint_put(p, d->object_bytes);
	p = pmt_varint_put(p, d->object_count);
	p = put_i64(p, d->rss_pages);
	p = put_i64(p, d->mapped_bytes);
	return put_i64(p, d->file_mapped_bytes);
}

static void get_sums(struct source *s, struct pmt_deltas *d)
{
	d->allocated_bytes = get_u64(s);
	d->allocated_count = get_u64(s);
	d->freed_bytes = get_u64(s);
	d->freed_count = get_u64(s);
	d->object_bytes = get_u64(s);
	d->object_count = get_u64(s);
	d->rss_pages = get_i64(s);
	d->mapped_bytes = get_i64(s);
	d->file_mapped_bytes = get_i64(s);
}

bool pmt_payload_get_thread_sums(const struct pmt_record *r, uint32_t *ret_tid,
				 struct pmt_deltas *ret_sums)
{
	struct source s = source_of(r);
	struct pmt_deltas sums;
	uint32_t tid = get_u32(&s);

	get_sums(&s, &sums);
	if (s.ok) {
		*ret_tid = tid;
		*ret_sums = sums;
	}
	return s.ok;
}

uint8_t *pmt_payload_put_text(uint8_t *p, struct pmt_text text)
{
	p = pmt_varint_put(p, text.size);
	memcpy(p, text.bytes, text.size);
	return p + text.size;
}

bool pmt_payload_get_text(const uint8_t **p, const uint8_t *end,
			  struct pmt_text *ret_text)
{
	const uint8_t *q = *p;
	uint64_t size;

	if (!pmt_varint_get(&q, end, &size) || size > (uint64_t)(end - q))
		return false;
	*ret_text = (struct pmt_text){(const char *)q, (size_t)size};
	*p = q + size;
	return true;
}

uint8_t *pmt_payload_put_code(uint8_t *p, const struct pmt_code_def *def)
{
	p = pmt_varint_put(p, def->id);
	p = pmt_varint_put(p, def->first_line);
	p = pmt_varint_put(p, def->kind);
	p = pmt_varint_put(p, def->line_table);
	p = pmt_varint_put(p, def->line_table_bytes);
	p = pmt_payload_put_text(p, def->file);
	return pmt_payload_put_text(p, def->name);
}

bool pmt_payload_get_code(const struct pmt_record *r, struct pmt_code_def *ret_def)
{
	struct source s = source_of(r);
	struct pmt_code_def def;

	def.id = get_u32(&s);
	def.first_line = get_u64(&s);
	def.kind = get_u8(&s);
	def.line_table = get_u8(&s);
	def.line_table_bytes = get_u64(&s);
	def.file = get_text(&s);
	def.name = get_text(&s);
	if (s.ok)
		*ret_def = def;
	return s.ok;
}

uint8_t *pmt_payload_put_thread(uint8_t *p, const struct pmt_thread_def *def)
{
	p = pmt_varint_put(p, def->os_tid);
	p = pmt_varint_put(p, def->rss_method);
	p = pmt_varint_put(p, def->is_main);
	return pmt_payload_put_text(p, def->name);
}

bool pmt_payload_get_thread(const struct pmt_record *r, struct pmt_thread_def *ret_def)
{
	struct source s = source_of(r);
	struct pmt_thread_def def;

	def.os_tid = get_u32(&s);
	def.rss_method = get_u8(&s);
	def.is_main = get_u8(&s) != 0;
	def.name = get_text(&s);
	if (s.ok)
		*ret_def = def;
	return s.ok;
}

uint8_t *pmt_payload_put_checkpoint(uint8_t *p, const struct pmt_checkpoint *point)
{
	p = pmt_varint_put(p, point->tick);
	p = pmt_varint_put(p, point->monotonic_ns);
	p = pmt_varint_put(p, point->realtime_ns);
	p = pmt_varint_put(p, point->depth);
	p = pmt_varint_put(p, point->event_count);
	return pmt_payload_put_sums(p, &point->sums);
}

bool pmt_payload_get_checkpoint(const struct pmt_record *r,
				struct pmt_checkpoint *ret_point)
{
	struct source s = source_of(r);
	struct pmt_checkpoint point;

	point.tick = get_u64(&s);
	point.monotonic_ns = get_u64(&s);
	point.realtime_ns = get_u64(&s);
	point.depth = get_u64(&s);
	point.event_count = get_u64(&s);
	get_sums(&s, &point.sums);
	if (s.ok)
		*ret_point = point;
	return s.ok;
}

uint8_t *pmt_payload_put_point(uint8_t *p, const struct pmt_point *point)
{
	p = pmt_varint_put(p, point->op);
	p = pmt_varint_put(p, point->code_id);
	p = pmt_varint_put(p, point->from_code_id);
	p = pmt_varint_put(p, point->depth);
	p = pmt_varint_put(p, point->skipped_count);
	if (!(point->line | point->from_line))
		return p;
	p = pmt_varint_put(p, point->line);
	return pmt_varint_put(p, point->from_line);
}

bool pmt_payload_get_point(const struct pmt_record *r, struct pmt_point *ret_point)
{
	struct source s = source_of(r);
	struct pmt_point point = {0};

	point.op = get_u8(&s);
	point.code_id = get_u32(&s);
	point.from_code_id = get_u32(&s);
	point.depth = get_u64(&s);
	point.skipped_count = get_u64(&s);
	if (!s.ok)
		return false;
	uint64_t line = get_u64(&s), from_line = get_u64(&s);
	if (s.ok) { /* a writer that knew no lines left them out */
		point.line = line;
		point.from_line = from_line;
	}
	*ret_point = point;
	return true;
}

uint8_t *pmt_payload_put_sample(uint8_t *p, const struct pmt_sample *sample)
{
	p = pmt_varint_put(p, sample->tick);
	p = pmt_varint_put(p, sample->rss_bytes);
	p = pmt_varint_put(p, sample->vms_bytes);
	p = pmt_varint_put(p, sample->shared_bytes);
	p = pmt_varint_put(p, sample->minor_faults);
	p = pmt_varint_put(p, sample->major_faults);
	p = pmt_varint_put(p, sample->user_ms);
	p = pmt_varint_put(p, sample->system_ms);
	p = pmt_varint_put(p, sample->rss_peak_bytes);
	p = put_i64(p, sample->heap_bytes);
	p = put_i64(p, sample->mapped_bytes);
	return pmt_varint_put(p, sample->thread_count);
}

bool pmt_payload_get_sample(const struct pmt_record *r, struct pmt_sample *ret_sample)
{
	struct source s = source_of(r);
	struct pmt_sample sample;

	sample.tick = get_u64(&s);
	sample.rss_bytes = get_u64(&s);
	sample.vms_bytes = get_u64(&s);
	sample.shared_bytes = get_u64(&s);
	sample.minor_faults = get_u64(&s);
	sample.major_faults = get_u64(&s);
	sample.user_ms = get_u64(&s);
	sample.system_ms = get_u64(&s);
	sample.rss_peak_bytes = get_u64(&s);
	sample.heap_bytes = get_i64(&s);
	sample.mapped_bytes = get_i64(&s);
	sample.thread_count = get_u64(&s);
	if (s.ok)
		*ret_sample = sample;
	return s.ok;
}

uint8_t *pmt_payload_put_tree_node(uint8_t *p, const struct pmt_tree_node *node)
{
	p = pmt_varint_put(p, node->stream);
	p = pmt_varint_put(p, node->id);
	p = pmt_varint_put(p, node->parent);
	p = pmt_varint_put(p, node->code_id);
	p = pmt_varint_put(p, node->call_count);
	p = pmt_payload_put_sums(p, &node->self);
	p = pmt_varint_put(p, node->rss_up_pages);
	if (node->kind == PMT_TREE_CALL)
		return p;
	p = pmt_varint_put(p, node->kind);
	return pmt_varint_put(p, node->depth);
}

bool pmt_payload_get_tree_node(const struct pmt_record *r, struct pmt_tree_node *ret_node)
{
	struct source s = source_of(r);
	struct pmt_tree_node node;

	node.stream = get_u32(&s);
	node.id = get_u32(&s);
	node.parent = get_u32(&s);
	node.code_id = get_u32(&s);
	node.call_count = get_u64(&s);
	get_sums(&s, &node.self);
	node.rss_up_pages = get_u64(&s);
	if (!s.ok)
		return false;
	node.kind = get_u8(&s);
	node.depth = get_u32(&s);
	if (!s.ok) {
		node.kind = PMT_TREE_CALL;
		node.depth = 0;
	}
	*ret_node = node;
	return true;
}
