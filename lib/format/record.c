/*
 * Decoding of records: bytes from a file nobody vouches for in, one struct pmt_record
 * out. Used by the reader and by the tests; the tracer only writes.
 */
#include "format/record.h"

#include <errno.h>
#include <string.h>

#include "format/ring_layout.h"

static bool get_signed(const uint8_t **p, const uint8_t *end, int64_t *ret_value)
{
	uint64_t raw;

	if (!pmt_varint_get(p, end, &raw))
		return false;
	*ret_value = pmt_unzigzag(raw);
	return true;
}

static bool get_deltas(const uint8_t **p, const uint8_t *end, uint8_t flags,
		       struct pmt_deltas *d)
{
	if ((flags & PMT_FLAG_MALLOC) && !(pmt_varint_get(p, end, &d->allocated_bytes) &&
					   pmt_varint_get(p, end, &d->allocated_count) &&
					   pmt_varint_get(p, end, &d->freed_bytes) &&
					   pmt_varint_get(p, end, &d->freed_count)))
		return false;
	if ((flags & PMT_FLAG_OBJECT) && !(pmt_varint_get(p, end, &d->object_bytes) &&
					   pmt_varint_get(p, end, &d->object_count)))
		return false;
	if ((flags & PMT_FLAG_RSS) && !get_signed(p, end, &d->rss_pages))
		return false;
	if ((flags & PMT_FLAG_MAPPED) && !(get_signed(p, end, &d->mapped_bytes) &&
					   get_signed(p, end, &d->file_mapped_bytes)))
		return false;
	return true;
}

static bool get_own_field(const uint8_t **p, const uint8_t *end, struct pmt_record *r)
{
	uint64_t value;

	if (r->op == PMT_OP_EXTENDED) {
		if (*p == end)
			return false;
		r->ext = *(*p)++;
		return true;
	}
	if (pmt_op_is_leave(r->op))
		return true;
	if (!pmt_varint_get(p, end, &value))
		return false;
	if (r->op == PMT_OP_LINE) {
		r->line = value;
		return true;
	}
	r->code_id = (uint32_t)value;
	return value <= UINT32_MAX;
}

static bool get_payload(const uint8_t **p, const uint8_t *end, struct pmt_record *r)
{
	uint64_t size;

	if (!pmt_varint_get(p, end, &size) || size > (uint64_t)(end - *p))
		return false;
	r->payload = *p;
	r->payload_bytes = (size_t)size;
	*p += size;
	return true;
}

/* A short record of a block: only TIME may be with it. */
static bool get_coded(const uint8_t **p, const uint8_t *end, uint8_t head,
		      struct pmt_record *r)
{
	r->op = PMT_OP_EXTENDED;
	r->flags = head & PMT_FLAG_TIME;
	r->is_coded = true;
	r->payload = *p;
	if (!pmt_code_get(p, end, head, &r->code))
		return false;
	r->ext = pmt_code_is_alloc(r->code.op) ? PMT_EXT_ALLOC : PMT_EXT_FREE;
	return !(head & PMT_FLAG_TIME) || pmt_varint_get(p, end, &r->ticks);
}

int pmt_record_decode_form(enum pmt_form form, const uint8_t **p, const uint8_t *end,
			   struct pmt_record *ret_record)
{
	const uint8_t *q = *p;
	struct pmt_record *r = ret_record;

	while (q < end && *q == PMT_RING_FILLER)
		q++;
	*p = q;
	if (q == end)
		return -ENODATA;
	/* In place: a copy of 120 bytes for each record would be a fifth of the cost. */
	memset(r, 0, offsetof(struct pmt_record, code));
	uint8_t head = *q++;
	if (form == PMT_FORM_BLOCKS && (head & 7) != PMT_OP_EXTENDED) {
		if (!get_coded(&q, end, head, r))
			return -EBADMSG;
		*p = q;
		return 0;
	}
	r->op = head & 7;
	r->flags = head & PMT_FLAG_ALL;
	if (!get_own_field(&q, end, r))
		return -EBADMSG;
	if ((head & PMT_FLAG_TIME) && !pmt_varint_get(&q, end, &r->ticks))
		return -EBADMSG;
	if ((head & (PMT_FLAG_ALL & ~PMT_FLAG_TIME)) &&
	    !get_deltas(&q, end, r->flags, &r->deltas))
		return -EBADMSG;
	if (r->op == PMT_OP_EXTENDED && !get_payload(&q, end, r))
		return -EBADMSG;
	*p = q;
	return 0;
}

int pmt_record_decode(const uint8_t **p, const uint8_t *end,
		      struct pmt_record *ret_record)
{
	return pmt_record_decode_form(PMT_FORM_CALLS, p, end, ret_record);
}
