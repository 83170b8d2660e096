/* The table of record kinds; see record_fields.h. */
#include "report/record_fields.h"

#include <string.h>

#include "base/varint.h"
#include "format/payload.h"

/* A payload's fields in their order: u varint, s zigzag varint, t text, b bytes; behind
 * a question mark come fields that may be missing. */
struct kind {
	uint8_t ext;
	const char *name;
	const char *fields;
};

#define SUMS                                                                             \
	"u allocated_bytes u allocated_count u freed_bytes u freed_count "               \
	"u object_bytes u object_count s rss_pages s mapped_bytes s file_mapped_bytes"

static const struct kind kinds[] = {
    {PMT_EXT_C_CALL, "C_CALL", "u code_id"},
    {PMT_EXT_C_RETURN, "C_RETURN", ""},
    {PMT_EXT_C_RAISE, "C_RAISE", ""},
    {PMT_EXT_POINT, "POINT",
     "u op u code_id u from_code_id u depth u skipped_count ? u line u from_line"},
    {PMT_EXT_CODE, "CODE",
     "u id u first_line u kind u line_table u line_table_bytes t file t name"},
    {PMT_EXT_CODE_LINES, "CODE_LINES", "u code_id u offset b bytes"},
    {PMT_EXT_THREAD, "THREAD", "u os_tid u rss_method u is_main t name"},
    {PMT_EXT_INFO, "INFO", "t key t value"},
    {PMT_EXT_STACK, "STACK", "u id u parent_id u code_id u code_offset"},
    {PMT_EXT_TYPE, "TYPE", "u id u basic_bytes u item_bytes t module t name"},
    {PMT_EXT_CHECKPOINT, "CHECKPOINT",
     "u tick u monotonic_ns u realtime_ns u depth u event_count " SUMS},
    {PMT_EXT_LOSS, "LOSS", "u cause u count u depth ? u lowest_depth"},
    {PMT_EXT_END, "END", "u how s status u event_count"},
    {PMT_EXT_TREE_BEGIN, "TREE_BEGIN", "u depth"},
    {PMT_EXT_THREAD_SUMS, "THREAD_SUMS", "u os_tid " SUMS},
    {PMT_EXT_MARK, "MARK", "t text"},
    {PMT_EXT_REGION_BEGIN, "REGION_BEGIN", "t text"},
    {PMT_EXT_REGION_END, "REGION_END", "t text"},
    {PMT_EXT_PAUSE, "PAUSE", ""},
    {PMT_EXT_CONTINUE, "CONTINUE", "? u depth u lowest_depth"},
    {PMT_EXT_GC, "GC",
     "u phase u generation u interpreter ? u collected u uncollectable u ticks"},
    {PMT_EXT_GC_COUNTS, "GC_COUNTS",
     "u interpreter u generation u collections u collected u uncollectable "
     "u duration_ns"},
    {PMT_EXT_SAMPLE, "SAMPLE",
     "u tick u rss_bytes u vms_bytes u shared_bytes u minor_faults u major_faults "
     "u user_ms u system_ms u rss_peak_bytes s heap_bytes s mapped_bytes "
     "u thread_count"},
    {PMT_EXT_TREE_NODE, "TREE_NODE",
     "u stream u id u parent u code_id u call_count " SUMS
     " u rss_up_pages ? u kind ? u depth"},
    {PMT_EXT_TYPE_COUNTS, "TYPE_COUNTS",
     "u id u new_count u new_bytes u deleted_count u deleted_bytes u earlier_count "
     "u missed_count"},
    {PMT_EXT_LIVE_STATE, "LIVE_STATE",
     "u reason u peak_bytes u peak_tick u table_bytes u unknown_free_count "
     "u missed_free_count u other_thread_count u inherited_count "
     "u inherited_freed_count u inherited_freed_bytes"},
    {PMT_EXT_LIVE_PLACE, "LIVE_PLACE",
     "u stream u stack_id u kind u allocated_bytes u allocated_count u live_bytes "
     "u live_count u at_peak_bytes u at_peak_count u temporary_bytes "
     "u temporary_count"},
    {PMT_EXT_ALLOC, "ALLOC",
     "u kind u stack_id u requested_bytes u usable_bytes s address_step"},
    {PMT_EXT_FREE, "FREE", "u kind s address_step ? u bytes"},
    {PMT_EXT_FAULT, "FAULT", "u stack_id u pages s address_step"},
};

static const char *const op_names[] = {"START", "RETURN", "RESUME", "YIELD",
				       "THROW", "UNWIND", "LINE",   "EXTENDED"};

static const struct kind *find_kind(uint8_t ext)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].ext == ext)
			return &kinds[i];
	return NULL;
}

const char *pmt_record_name(const struct pmt_record *r)
{
	const struct kind *kind;

	if (r->op != PMT_OP_EXTENDED)
		return op_names[r->op & 7];
	kind = find_kind(r->ext);
	return kind ? kind->name : "UNKNOWN";
}

/* Writes one field and moves *at behind it; false when the bytes are too short. */
static bool put_field(struct pmt_fields *f, char type, const char *name,
		      const uint8_t **at, const uint8_t *end)
{
	struct pmt_text text;
	uint64_t value;

	if (type == 't' || type == 'b') {
		if (!pmt_payload_get_text(at, end, &text))
			return false;
		if (type == 't')
			pmt_fields_text(f, name, text.bytes, text.size);
		else
			pmt_fields_bytes(f, name, (const uint8_t *)text.bytes, text.size);
		return true;
	}
	if (!pmt_varint_get(at, end, &value))
		return false;
	if (type == 's')
		pmt_fields_signed(f, name, pmt_unzigzag(value));
	else
		pmt_fields_unsigned(f, name, value);
	return true;
}

/* The payload by the words of its kind; what does not fit them as raw bytes. */
static void put_payload(struct pmt_fields *f, const struct pmt_record *r)
{
	const struct kind *kind = find_kind(r->ext);
	const uint8_t *at = r->payload, *end = at + r->payload_bytes;
	const char *words = kind ? kind->fields : "";
	bool optional = false;
	char type[2], name[32];
	int used;

	while (sscanf(words, " %1[?]%n", type, &used) == 1 ||
	       sscanf(words, " %1s %31s%n", type, name, &used) == 2) {
		words += used;
		if (type[0] == '?') {
			optional = true;
			continue;
		}
		if (optional && at == end)
			break;
		if (!put_field(f, type[0], name, &at, end)) {
			pmt_fields_word(f, "malformed", name);
			break;
		}
	}
	if (at < end)
		pmt_fields_bytes(f, "rest", at, (size_t)(end - at));
}

/* A short record of a block, by its own words: what they mean is known to who reads the
 * stream from a checkpoint on. */
static void put_code(struct pmt_fields *f, const struct pmt_block_code *code)
{
	static const char *const places[] = {"expected", "number", "last", "step"};
	bool is_new = code->op == PMT_CODE_ALLOC_NEW;

	if (code->op == PMT_CODE_ALLOC_KNOWN)
		pmt_fields_unsigned(f, "signature", code->signature);
	if (is_new || code->op == PMT_CODE_FREE_OF_KIND)
		pmt_fields_unsigned(f, "kind", code->kind);
	if (is_new) {
		pmt_fields_unsigned(f, "stack_id", code->stack_id);
		pmt_fields_unsigned(f, "requested_bytes", code->requested_bytes);
		pmt_fields_unsigned(f, "usable_bytes", code->usable_bytes);
	}
	pmt_fields_word(f, "address", places[code->place >> 6]);
	if (code->place == PMT_CODE_NUMBER)
		pmt_fields_unsigned(f, "number", code->number);
	if (code->place == PMT_CODE_STEP)
		pmt_fields_signed(f, "sixteens", code->step);
}

static void put_unsigned(struct pmt_fields *f, const char *name, uint64_t value)
{
	if (value)
		pmt_fields_unsigned(f, name, value);
}

static void put_signed(struct pmt_fields *f, const char *name, int64_t value)
{
	if (value)
		pmt_fields_signed(f, name, value);
}

static void put_deltas(struct pmt_fields *f, const struct pmt_deltas *d)
{
	put_unsigned(f, "+allocated_bytes", d->allocated_bytes);
	put_unsigned(f, "+allocated_count", d->allocated_count);
	put_unsigned(f, "+freed_bytes", d->freed_bytes);
	put_unsigned(f, "+freed_count", d->freed_count);
	put_unsigned(f, "+object_bytes", d->object_bytes);
	put_unsigned(f, "+object_count", d->object_count);
	put_signed(f, "+rss_pages", d->rss_pages);
	put_signed(f, "+mapped_bytes", d->mapped_bytes);
	put_signed(f, "+file_mapped_bytes", d->file_mapped_bytes);
}

void pmt_record_changes(struct pmt_fields *f, const struct pmt_deltas *d)
{
	put_unsigned(f, "allocated_bytes", d->allocated_bytes);
	put_unsigned(f, "allocated_count", d->allocated_count);
	put_unsigned(f, "freed_bytes", d->freed_bytes);
	put_unsigned(f, "freed_count", d->freed_count);
	put_unsigned(f, "object_bytes", d->object_bytes);
	put_unsigned(f, "object_count", d->object_count);
	put_signed(f, "mapped_bytes", d->mapped_bytes);
	put_signed(f, "file_mapped_bytes", d->file_mapped_bytes);
}

void pmt_record_fields(struct pmt_fields *f, const struct pmt_record *r)
{
	if (pmt_op_is_enter(r->op))
		pmt_fields_unsigned(f, "code_id", r->code_id);
	if (r->op == PMT_OP_LINE)
		pmt_fields_unsigned(f, "line", r->line);
	if (r->flags & PMT_FLAG_TIME)
		pmt_fields_unsigned(f, "+ticks", r->ticks);
	put_deltas(f, &r->deltas);
	if (r->op != PMT_OP_EXTENDED)
		return;
	if (!find_kind(r->ext))
		pmt_fields_hex(f, "type", r->ext);
	if (r->is_coded && !r->payload_bytes)
		put_code(f, &r->code);
	else
		put_payload(f, r);
}
