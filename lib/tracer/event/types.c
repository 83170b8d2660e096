/* The table of types and the map of objects; see types.h. No malloc, no Python. */
#include "event/types.h"

#include <string.h>

#include "os/sys.h"
#include "rss/own_memory.h"

enum {
	SLOTS = 4 * PMT_TYPE_IDS_MAX, /* of each hash: live types, names */
	LIVE_TYPES_MAX = 2 * PMT_TYPE_IDS_MAX,
	NAMES_BYTES = 1 << 20,
	/* Address = top (14 bits), middle (13), object in a leaf's MiB (16), 4 bits. */
	CELL_BITS = 4,
	LEAF_BITS = 16,
	MIDDLE_BITS = 13,
	TOP_BITS = 14,
	/* A cell: type id, 0 when the object is gone, and its size: MANTISSA bits of
	 * units of 8 bytes, shifted by the rest. */
	UNIT_BYTES = 8,
	SIZE_BITS = 16,
	MANTISSA_BITS = 12,
	SHIFT_MAX = 15,
};

struct slot {
	uint64_t address; /* 0: empty */
	uint32_t id;
};

struct leaf {
	uint32_t cells[1 << LEAF_BITS];
};

struct middle {
	struct leaf *leaves[1 << MIDDLE_BITS];
};

/* All of it is wiped by a fork; leaves and middles are not even mapped in a child. */
struct table {
	_Atomic uint32_t begun;
	_Atomic uint32_t lock;
	_Atomic uint32_t count; /* release: the types below are whole */
	uint32_t live_count;
	uint32_t names_used;
	struct slot live[SLOTS]; /* by the type's address */
	uint32_t by_name[SLOTS]; /* ids */
	struct pmt_type types[PMT_TYPE_IDS_MAX];
	char names[NAMES_BYTES];
	struct middle *top[1 << TOP_BITS];
};

static struct table *table;

bool pmt_types_open(void)
{
	if (!table)
		table = pmt_own_map(sizeof(*table), PMT_OWN_WIPED);
	return table != NULL;
}

bool pmt_types_are_on(void)
{
	return table != NULL;
}

bool pmt_types_have_begun(void)
{
	return pmt_load32_acquire(&table->begun) != 0;
}

/* Another thread can only be there with a GIL of its own. */
void pmt_types_lock(void)
{
	while (!pmt_cas32(&table->lock, 0, 1))
		pmt_sys_sched_yield();
}

void pmt_types_unlock(void)
{
	pmt_store32_release(&table->lock, 0);
}

/* --- types --- */

static uint32_t place_of(uint64_t address)
{
	return (uint32_t)(address * 0x9e3779b97f4a7c15u >> 40) % SLOTS;
}

/* Where the address is, or the empty slot where it would go. */
static uint32_t find_slot(uint64_t address)
{
	uint32_t i = place_of(address);

	while (table->live[i].address && table->live[i].address != address)
		i = (i + 1) % SLOTS;
	return i;
}

uint32_t pmt_types_find(uint64_t address)
{
	return table->live[find_slot(address)].id;
}

void pmt_types_forget(uint64_t address)
{
	uint32_t hole = find_slot(address);

	if (!table->live[hole].address)
		return;
	table->live_count--;
	/* What stands behind it moves up, unless it is where it belongs. */
	for (uint32_t i = (hole + 1) % SLOTS; table->live[i].address;
	     i = (i + 1) % SLOTS) {
		uint32_t home = place_of(table->live[i].address);
		if ((i - home) % SLOTS < (i - hole) % SLOTS)
			continue;
		table->live[hole] = table->live[i];
		hole = i;
	}
	table->live[hole] = (struct slot){0, 0};
}

static uint32_t hash_text(uint32_t hash, struct pmt_text text)
{
	for (size_t i = 0; i < text.size; i++)
		hash = (hash ^ (uint8_t)text.bytes[i]) * 16777619u;
	return (hash ^ 0xff) * 16777619u;
}

static bool is_same(const struct pmt_type *type, const struct pmt_type_def *def)
{
	const char *names = table->names + type->name_off;

	return type->module_bytes == def->module.size &&
	       type->name_bytes == def->name.size &&
	       memcmp(names, def->module.bytes, def->module.size) == 0 &&
	       memcmp(names + def->module.size, def->name.bytes, def->name.size) == 0;
}

/* A new entry; 0 where there is no room. */
static uint32_t new_type(const struct pmt_type_def *def)
{
	uint32_t id = pmt_load32_relaxed(&table->count);
	size_t bytes = def->module.size + def->name.size;

	if (id >= PMT_TYPE_IDS_MAX || bytes > NAMES_BYTES - table->names_used)
		return 0;
	struct pmt_type *type = &table->types[id];
	char *names = table->names + table->names_used;
	memcpy(names, def->module.bytes, def->module.size);
	memcpy(names + def->module.size, def->name.bytes, def->name.size);
	type->name_off = table->names_used;
	type->module_bytes = (uint16_t)def->module.size;
	type->name_bytes = (uint16_t)def->name.size;
	type->basic_bytes = def->basic_bytes;
	type->item_bytes = def->item_bytes;
	table->names_used += (uint32_t)bytes;
	/* Release: partner of the drain's acquire in pmt_types_count. */
	pmt_store32_release(&table->count, id + 1);
	return id;
}

/* The type of that name, made where there is none; OTHERS where there is no room. */
static uint32_t id_of_name(const struct pmt_type_def *def)
{
	uint32_t i = hash_text(hash_text(2166136261u, def->module), def->name) % SLOTS;

	for (; table->by_name[i]; i = (i + 1) % SLOTS)
		if (is_same(&table->types[table->by_name[i]], def))
			return table->by_name[i];
	uint32_t id = new_type(def);
	if (!id)
		return PMT_TYPE_ID_OTHERS;
	table->by_name[i] = id;
	return id;
}

uint32_t pmt_types_add(uint64_t address, const struct pmt_type_def *def)
{
	uint32_t id = id_of_name(def);

	if (table->live_count < LIVE_TYPES_MAX) {
		table->live[find_slot(address)] = (struct slot){address, id};
		table->live_count++;
	}
	return id;
}

void pmt_types_begin(void)
{
	static const struct pmt_type_def others = {.module = {"", 0},
						   .name = {"(other types)", 13}};

	pmt_types_lock();
	if (!pmt_load32_relaxed(&table->count)) {
		pmt_store32_release(&table->count, PMT_TYPE_ID_OTHERS);
		id_of_name(&others);
	}
	pmt_types_unlock();
	pmt_store32_release(&table->begun, 1);
}

uint32_t pmt_types_count(void)
{
	return table ? pmt_load32_acquire(&table->count) : 0;
}

struct pmt_type *pmt_types_at(uint32_t id)
{
	return &table->types[id];
}

struct pmt_type_counts pmt_types_read(uint32_t id)
{
	struct pmt_type *type = &table->types[id];

	return (struct pmt_type_counts){
	    .id = id,
	    .new_count = pmt_load_relaxed(&type->new_count),
	    .new_bytes = pmt_load_relaxed(&type->new_bytes),
	    .deleted_count = pmt_load_relaxed(&type->deleted_count),
	    .deleted_bytes = pmt_load_relaxed(&type->deleted_bytes),
	    .earlier_count = pmt_load_relaxed(&type->earlier_count),
	    .missed_count = pmt_load_relaxed(&type->missed_count),
	};
}

uint64_t pmt_types_sum(const struct pmt_type_counts *counts)
{
	return counts->new_count + counts->deleted_count + counts->earlier_count;
}

struct pmt_type_def pmt_types_define(uint32_t id)
{
	const struct pmt_type *type = &table->types[id];
	const char *names = table->names + type->name_off;

	return (struct pmt_type_def){
	    .id = id,
	    .basic_bytes = type->basic_bytes,
	    .item_bytes = type->item_bytes,
	    .module = {names, type->module_bytes},
	    .name = {names + type->module_bytes, type->name_bytes},
	};
}

/* --- objects --- */

/* The object's cell; where the map does not reach yet, made or NULL. */
static uint32_t *cell_of(uint64_t object, bool make)
{
	uint64_t i = object >> CELL_BITS;
	uint64_t in_leaf = i & ((1u << LEAF_BITS) - 1);
	uint64_t in_middle = i >> LEAF_BITS & ((1u << MIDDLE_BITS) - 1);
	uint64_t in_top = i >> LEAF_BITS >> MIDDLE_BITS;

	if (in_top >= 1u << TOP_BITS)
		return NULL;
	struct middle **middle = &table->top[in_top];
	if (!*middle && make)
		*middle = pmt_own_map(sizeof(**middle), PMT_OWN_ABSENT);
	if (!*middle)
		return NULL;
	struct leaf **leaf = &(*middle)->leaves[in_middle];
	if (!*leaf && make)
		*leaf = pmt_own_map(sizeof(**leaf), PMT_OWN_ABSENT);
	return *leaf ? &(*leaf)->cells[in_leaf] : NULL;
}

static void add(_Atomic uint64_t *to, uint64_t value)
{
	pmt_store_relaxed(to, pmt_load_relaxed(to) + value);
}

static void forget_objects(struct middle *middle)
{
	for (uint32_t i = 0; i < 1u << MIDDLE_BITS; i++)
		if (middle->leaves[i])
			memset(middle->leaves[i], 0, sizeof(struct leaf));
}

void pmt_types_forget_all(void)
{
	pmt_types_lock();
	memset(table->live, 0, sizeof(table->live));
	table->live_count = 0;
	for (uint32_t i = 0; i < 1u << TOP_BITS; i++)
		if (table->top[i])
			forget_objects(table->top[i]);
	pmt_types_unlock();
}

/* Rounded up to what 16 bits hold: to 8 bytes, of sizes from 32 KiB on to 1/2048. */
static uint32_t pack_size(uint64_t bytes)
{
	uint64_t units = (bytes + UNIT_BYTES - 1) / UNIT_BYTES;
	uint32_t shift = 0;

	for (; units >= 1u << MANTISSA_BITS && shift < SHIFT_MAX; shift++)
		units = (units + 1) / 2;
	if (units >= 1u << MANTISSA_BITS)
		units = (1u << MANTISSA_BITS) - 1;
	return shift << MANTISSA_BITS | (uint32_t)units;
}

static uint64_t size_of(uint32_t cell)
{
	uint64_t units = cell & ((1u << MANTISSA_BITS) - 1);

	return (units << (cell >> MANTISSA_BITS & SHIFT_MAX)) * UNIT_BYTES;
}

static void count_deletion(uint32_t cell)
{
	struct pmt_type *type = &table->types[cell >> SIZE_BITS];

	add(&type->deleted_count, 1);
	add(&type->deleted_bytes, size_of(cell));
}

void pmt_types_created(uint64_t object, uint32_t id, uint64_t bytes, uint64_t least_bytes)
{
	struct pmt_type *type = &table->types[id];
	uint32_t *cell = cell_of(object, true);

	if (!cell) /* no memory for the map: its end would be nobody's */
		return;
	if (*cell >> SIZE_BITS) {
		add(&table->types[*cell >> SIZE_BITS].missed_count, 1);
		count_deletion(*cell);
	}
	uint32_t size = pack_size(bytes ? bytes : least_bytes);
	if (!bytes && size_of(*cell) >= least_bytes)
		size = *cell & ((1u << SIZE_BITS) - 1);
	*cell = id << SIZE_BITS | size;
	add(&type->new_count, 1);
	add(&type->new_bytes, size_of(size));
}

void pmt_types_deleted(uint64_t object, uint32_t id)
{
	uint32_t *cell = cell_of(object, false);

	if (cell && *cell >> SIZE_BITS) {
		count_deletion(*cell);
		*cell &= (1u << SIZE_BITS) - 1;
	} else {
		add(&table->types[id].earlier_count, 1);
	}
}
