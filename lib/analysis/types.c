/* A table by id; see types.h. */
#include "analysis/types.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pmt_types_close(struct pmt_types *types)
{
	for (uint32_t i = 0; i < types->count; i++) {
		free(types->rows[i].module);
		free(types->rows[i].name);
	}
	free(types->rows);
	*types = (struct pmt_types){0};
}

/* NULL: no memory. Ids are below PMT_TYPE_IDS_MAX, the decoders hold that. */
static struct pmt_type_row *row_of(struct pmt_types *types, uint32_t id)
{
	if (id >= types->count) {
		uint32_t count = id < 64 ? 64 : id * 2;
		struct pmt_type_row *rows =
		    reallocarray(types->rows, count, sizeof(*rows));

		if (!rows)
			return NULL;
		memset(rows + types->count, 0, (count - types->count) * sizeof(*rows));
		types->rows = rows;
		types->count = count;
	}
	return &types->rows[id];
}

int pmt_types_add_definition(struct pmt_types *types, const struct pmt_record *r)
{
	struct pmt_type_def def;

	if (!pmt_payload_get_type(r, &def))
		return 0;
	struct pmt_type_row *row = row_of(types, def.id);
	if (!row)
		return -ENOMEM;
	char *module = strndup(def.module.bytes, def.module.size);
	char *name = strndup(def.name.bytes, def.name.size);
	if (!module || !name) {
		free(module);
		free(name);
		return -ENOMEM;
	}
	free(row->module);
	free(row->name);
	row->is_known = true;
	row->module = module;
	row->name = name;
	row->basic_bytes = def.basic_bytes;
	row->item_bytes = def.item_bytes;
	return 0;
}

int pmt_types_add_counts(struct pmt_types *types, const struct pmt_record *r,
			 uint64_t tick)
{
	struct pmt_type_counts counts;

	if (!pmt_payload_get_type_counts(r, &counts))
		return 0;
	struct pmt_type_row *row = row_of(types, counts.id);
	if (!row)
		return -ENOMEM;
	row->counts = counts;
	if (tick > types->last_tick)
		types->last_tick = tick;
	return 0;
}

const char *pmt_type_name(const struct pmt_type_row *row, char name[PMT_TYPE_NAME_BYTES])
{
	if (!row->is_known)
		snprintf(name, PMT_TYPE_NAME_BYTES, "(type %" PRIu32 ")", row->counts.id);
	else if (!row->module[0] || strcmp(row->module, "builtins") == 0)
		snprintf(name, PMT_TYPE_NAME_BYTES, "%s", row->name);
	else
		snprintf(name, PMT_TYPE_NAME_BYTES, "%s.%s", row->module, row->name);
	return name;
}

static uint64_t rest(uint64_t all, uint64_t gone)
{
	return all > gone ? all - gone : 0;
}

uint64_t pmt_type_live_count(const struct pmt_type_counts *counts)
{
	return rest(counts->new_count, counts->deleted_count);
}

uint64_t pmt_type_live_bytes(const struct pmt_type_counts *counts)
{
	return rest(counts->new_bytes, counts->deleted_bytes);
}

struct pmt_type_counts pmt_types_total(const struct pmt_types *types)
{
	struct pmt_type_counts total = {0};

	for (uint32_t i = 0; i < types->count; i++) {
		const struct pmt_type_counts *c = &types->rows[i].counts;

		total.new_count += c->new_count;
		total.new_bytes += c->new_bytes;
		total.deleted_count += c->deleted_count;
		total.deleted_bytes += c->deleted_bytes;
		total.earlier_count += c->earlier_count;
		total.missed_count += c->missed_count;
	}
	return total;
}
