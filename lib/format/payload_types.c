/* Encoders and decoders of type records, fields in the same order in each pair. */
#include "format/payload_types.h"

#include "base/varint.h"

static bool is_id(uint64_t id)
{
	return id > 0 && id < PMT_TYPE_IDS_MAX;
}

uint8_t *pmt_payload_put_type(uint8_t *p, const struct pmt_type_def *def)
{
	const uint64_t fields[] = {def->id, def->basic_bytes, def->item_bytes};

	p = pmt_varint_put_all(p, fields, 3);
	p = pmt_payload_put_text(p, def->module);
	return pmt_payload_put_text(p, def->name);
}

bool pmt_payload_get_type(const struct pmt_record *r, struct pmt_type_def *ret_def)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	struct pmt_type_def def = {0};
	uint64_t f[3];

	if (!pmt_varint_get_all(&p, end, f, 3) || !is_id(f[0]) ||
	    !pmt_payload_get_text(&p, end, &def.module) ||
	    !pmt_payload_get_text(&p, end, &def.name))
		return false;
	def.id = (uint32_t)f[0];
	def.basic_bytes = f[1];
	def.item_bytes = f[2];
	*ret_def = def;
	return true;
}

uint8_t *pmt_payload_put_type_counts(uint8_t *p, const struct pmt_type_counts *counts)
{
	const uint64_t fields[] = {
	    counts->id,
	    counts->new_count,
	    counts->new_bytes,
	    counts->deleted_count,
	    counts->deleted_bytes,
	    counts->earlier_count,
	    counts->missed_count,
	};

	return pmt_varint_put_all(p, fields, 7);
}

bool pmt_payload_get_type_counts(const struct pmt_record *r,
				 struct pmt_type_counts *ret_counts)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	uint64_t f[7];

	if (!pmt_varint_get_all(&p, end, f, 7) || !is_id(f[0]))
		return false;
	*ret_counts = (struct pmt_type_counts){
	    .id = (uint32_t)f[0],
	    .new_count = f[1],
	    .new_bytes = f[2],
	    .deleted_count = f[3],
	    .deleted_bytes = f[4],
	    .earlier_count = f[5],
	    .missed_count = f[6],
	};
	return true;
}
