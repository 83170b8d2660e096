/*
 * The payloads about Python's cyclic garbage collector. GC (gc=1): a collection begins or
 * is over, on the thread whose stream it stands in. GC_COUNTS: what the interpreter has
 * counted of a generation since it began. Encoders for the tracer, decoders for the
 * reader, as in payload.h.
 */
#ifndef PMT_FORMAT_PAYLOAD_GC_H
#define PMT_FORMAT_PAYLOAD_GC_H

#include "format/payload.h"

enum pmt_gc_phase {
	PMT_GC_START = 0,
	PMT_GC_STOP = 1,
	PMT_GC_GONE =
	    2, /* the program took us out of gc.callbacks: nothing from here on */
	PMT_GC_BACK = 3, /* and put us in again */
};

struct pmt_gc_event {
	uint8_t phase; /* enum pmt_gc_phase */
	uint8_t generation;
	uint64_t interpreter; /* its number, 0 the main one */
	/* STOP only */
	uint64_t collected;
	uint64_t uncollectable;
	uint64_t ticks; /* since its START; 0: that was not seen */
};

struct pmt_gc_counts {
	uint64_t interpreter;
	uint8_t generation;
	uint64_t collections;
	uint64_t collected; /* objects */
	uint64_t uncollectable;
	uint64_t duration_ns; /* of all together; 0: this CPython does not tell */
};

uint8_t *pmt_payload_put_gc(uint8_t *p, const struct pmt_gc_event *event);

/* False for what is too short, and for a phase that a newer writer knows. */
bool pmt_payload_get_gc(const struct pmt_record *r, struct pmt_gc_event *ret_event);

uint8_t *pmt_payload_put_gc_counts(uint8_t *p, const struct pmt_gc_counts *counts);
bool pmt_payload_get_gc_counts(const struct pmt_record *r,
			       struct pmt_gc_counts *ret_counts);

#endif
