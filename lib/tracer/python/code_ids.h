/*
 * From a code object to the id its function has in the trace: a hash table by address.
 * Addresses are reused once a code object is freed, so each registered one carries an
 * extra value whose destructor takes its entry out again.
 */
#ifndef PMT_TRACER_PYTHON_CODE_IDS_H
#define PMT_TRACER_PYTHON_CODE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomics.h"
#include "base/attr.h"

struct _object;
struct pmt_thread;

enum {
	PMT_CODE_UNKNOWN = 0, /* its name could not be recorded */
	PMT_CODE_HIDDEN = -1, /* filtered out: as id UINT32_MAX */
};

struct pmt_code_entry {
	/* Registering thread writes, release, after the id; all threads read, acquire. */
	_Atomic uint64_t key; /* address; 0 empty, 1 freed */
	uint64_t id;
};

struct pmt_code_table {
	struct pmt_code_entry
	    *entries; /* memory that a fork wipes: a child defines anew */
	uint64_t mask;
};

/* Registering thread publishes a grown table with release; the old one stays readable. */
extern struct pmt_code_table *_Atomic pmt_code_table;

/* Once, at the first attachment. 0 or -ENOMEM. */
int pmt_code_ids_init(void);

/* Per interpreter: where its code objects keep our extra value. */
void pmt_code_ids_attach_gil(void *interpreter);

/* Takes a new code object in: writes its definition, then its entry. */
uint32_t pmt_code_id_register_gil(struct pmt_thread *t, struct _object *code);

/* A C function by its PyMethodDef, which is static memory. */
uint32_t pmt_code_id_register_c_gil(struct pmt_thread *t, const void *method_def,
				    struct _object *callable);

/* For those who write definitions themselves: a fresh id; its entry, once the definition
 * is written (returns id, or PMT_CODE_UNKNOWN and counts what was not); and taking the
 * entry of a dying code object out. A small lock: the caller's thread must not be
 * interrupted by a handler that comes here (emitter.busy). */
uint32_t pmt_code_id_next(void);
uint32_t pmt_code_id_take_in(uint64_t key, uint32_t id, bool defined);
void pmt_code_id_forget(uint64_t key);

PMT_INLINE uint64_t pmt_code_hash(uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15u) >> 32;
}

/* The id, or PMT_CODE_UNKNOWN if the key is not in the table. Budget: one probe. */
PMT_INLINE uint32_t pmt_code_id_find(uint64_t key)
{
	const struct pmt_code_table *table =
	    atomic_load_explicit(&pmt_code_table, memory_order_acquire);
	uint64_t i = pmt_code_hash(key) & table->mask;

	for (;; i = (i + 1) & table->mask) {
		uint64_t found = pmt_load_acquire(&table->entries[i].key);
		if (PMT_LIKELY(found == key))
			return (uint32_t)table->entries[i].id;
		if (!found)
			return PMT_CODE_UNKNOWN;
	}
}

PMT_INLINE uint32_t pmt_code_id_gil(struct pmt_thread *t, struct _object *code)
{
	uint32_t id = pmt_code_id_find((uint64_t)(uintptr_t)code);

	return PMT_LIKELY(id != PMT_CODE_UNKNOWN) ? id
						  : pmt_code_id_register_gil(t, code);
}

#endif
