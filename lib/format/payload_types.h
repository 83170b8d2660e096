/*
 * Payloads of the records about Python's types (mode=refs). Encoders and decoders as in
 * payload.h.
 */
#ifndef PMT_FORMAT_PAYLOAD_TYPES_H
#define PMT_FORMAT_PAYLOAD_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "format/payload.h"

enum {
	PMT_TYPE_IDS_MAX = 8192, /* ids are 1 to this - 1 */
	PMT_TYPE_ID_OTHERS = 1,  /* all that found no place of their own */
};

/* A type: those of the same module and qualified name are one. */
struct pmt_type_def {
	uint32_t id;
	uint64_t basic_bytes; /* tp_basicsize */
	uint64_t item_bytes;  /* tp_itemsize */
	struct pmt_text module;
	struct pmt_text name;
};

/* What became of its objects, from the begin of the trace: a later record replaces. */
struct pmt_type_counts {
	uint32_t id;
	uint64_t new_count;
	uint64_t new_bytes;
	uint64_t deleted_count; /* of those new ones */
	uint64_t deleted_bytes;
	uint64_t earlier_count; /* deleted, but made before the trace began */
	uint64_t missed_count;  /* of deleted: found out when the address came again */
};

uint8_t *pmt_payload_put_type(uint8_t *p, const struct pmt_type_def *def);
uint8_t *pmt_payload_put_type_counts(uint8_t *p, const struct pmt_type_counts *counts);

bool pmt_payload_get_type(const struct pmt_record *r, struct pmt_type_def *ret_def);
bool pmt_payload_get_type_counts(const struct pmt_record *r,
				 struct pmt_type_counts *ret_counts);

#endif
