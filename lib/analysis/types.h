/* Objects by type (mode=refs): the last counts that a trace has of each. */
#ifndef PMT_ANALYSIS_TYPES_H
#define PMT_ANALYSIS_TYPES_H

#include <stdbool.h>

#include "base/attr.h"
#include "format/payload_types.h"

struct pmt_type_row {
	bool is_known; /* it has a definition */
	char *module;  /* may be empty; terminated copies */
	char *name;
	uint64_t basic_bytes;
	uint64_t item_bytes;
	struct pmt_type_counts counts;
};

/* By id; entries without counts and name are of no type. */
struct pmt_types {
	struct pmt_type_row *rows;
	uint32_t count;
	uint64_t last_tick; /* of the newest counts */
};

void pmt_types_close(struct pmt_types *types);

/* Records; what cannot be read is passed over. 0 or -ENOMEM. */
int pmt_types_add_definition(struct pmt_types *types,
			     const struct pmt_record *r) PMT_MUST_CHECK;
int pmt_types_add_counts(struct pmt_types *types, const struct pmt_record *r,
			 uint64_t tick) PMT_MUST_CHECK;

enum { PMT_TYPE_NAME_BYTES = 2100 };

/* "module.Name"; of builtins the name alone. Returns name. */
const char *pmt_type_name(const struct pmt_type_row *row, char name[PMT_TYPE_NAME_BYTES]);

/* Made and not deleted; a forged trace's more than made is 0. */
uint64_t pmt_type_live_count(const struct pmt_type_counts *counts);
uint64_t pmt_type_live_bytes(const struct pmt_type_counts *counts);

/* Over all types; id is 0. */
struct pmt_type_counts pmt_types_total(const struct pmt_types *types);

#endif
