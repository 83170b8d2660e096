/* Encoders and decoders of GC records, fields in the same order in each pair. */
#include "format/payload_gc.h"

#include "base/varint.h"

uint8_t *pmt_payload_put_gc(uint8_t *p, const struct pmt_gc_event *event)
{
	const uint64_t all[] = {event->phase, event->generation, event->interpreter};
	const uint64_t stop[] = {event->collected, event->uncollectable, event->ticks};

	p = pmt_varint_put_all(p, all, 3);
	return event->phase == PMT_GC_STOP ? pmt_varint_put_all(p, stop, 3) : p;
}

bool pmt_payload_get_gc(const struct pmt_record *r, struct pmt_gc_event *ret_event)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	uint64_t all[3], stop[3] = {0, 0, 0};

	if (!pmt_varint_get_all(&p, end, all, 3) || all[0] > PMT_GC_BACK ||
	    all[1] > UINT8_MAX)
		return false;
	if (all[0] == PMT_GC_STOP && !pmt_varint_get_all(&p, end, stop, 3))
		return false;
	*ret_event = (struct pmt_gc_event){
	    .phase = (uint8_t)all[0],
	    .generation = (uint8_t)all[1],
	    .interpreter = all[2],
	    .collected = stop[0],
	    .uncollectable = stop[1],
	    .ticks = stop[2],
	};
	return true;
}

uint8_t *pmt_payload_put_gc_counts(uint8_t *p, const struct pmt_gc_counts *counts)
{
	const uint64_t fields[] = {counts->interpreter,   counts->generation,
				   counts->collections,   counts->collected,
				   counts->uncollectable, counts->duration_ns};

	return pmt_varint_put_all(p, fields, 6);
}

bool pmt_payload_get_gc_counts(const struct pmt_record *r,
			       struct pmt_gc_counts *ret_counts)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	uint64_t f[6];

	if (!pmt_varint_get_all(&p, end, f, 6) || f[1] > UINT8_MAX)
		return false;
	*ret_counts = (struct pmt_gc_counts){
	    .interpreter = f[0],
	    .generation = (uint8_t)f[1],
	    .collections = f[2],
	    .collected = f[3],
	    .uncollectable = f[4],
	    .duration_ns = f[5],
	};
	return true;
}
