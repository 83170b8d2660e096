/*
 * Registering code objects; see code_ids.h. Writers hold a small lock beside the GIL,
 * because interpreters with a GIL of their own share the table.
 */
#include "python/code_ids.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "event/emit.h"
#include "os/sys.h"
#include "python/api.h"
#include "python/code_raw.h"
#include "python/define.h"
#include "python/quicken.h"
#include "rss/own_memory.h"
#include "run/run.h"
#include "thread.h"

enum {
	FIRST_ENTRIES = 1 << 14,
	INTERPRETERS_MAX = 256,
	KEY_FREED = 1,
	EXTRA_BATCH_BYTES = 64 * 1024,
};

/* What a code object carries for us. */
struct extra {
	uint64_t key;
	struct extra *next_free;
};

struct pmt_code_table *_Atomic pmt_code_table;

/* In wiped memory beside the entries: a child counts from the beginning. */
static struct counts {
	_Atomic uint32_t lock; /* free in a child, whoever held it at the fork */
	uint64_t used;
	uint64_t next_id;
	pid_t pid;
} *counts;
static struct extra *free_extras;
static struct {
	void *interpreter;
	ssize_t index;
} extra_index[INTERPRETERS_MAX];

static void lock_table(void)
{
	while (!pmt_cas32(&counts->lock, 0, 1))
		pmt_sys_sched_yield();
}

static void unlock_table(void)
{
	pmt_store32_release(&counts->lock, 0);
}

static struct pmt_code_table *new_table(uint64_t entries)
{
	struct pmt_code_table *table = pmt_own_map(sizeof(*table), PMT_OWN_INHERITED);

	if (!table)
		return NULL;
	table->entries =
	    pmt_own_map(entries * sizeof(struct pmt_code_entry), PMT_OWN_WIPED);
	table->mask = entries - 1;
	return table->entries ? table : NULL;
}

int pmt_code_ids_init(void)
{
	if (atomic_load_explicit(&pmt_code_table, memory_order_acquire))
		return 0;
	counts = pmt_own_map(sizeof(*counts), PMT_OWN_WIPED);
	struct pmt_code_table *table = new_table(FIRST_ENTRIES);
	if (!counts || !table)
		return -ENOMEM;
	atomic_store_explicit(&pmt_code_table, table, memory_order_release);
	return 0;
}

static void put(struct pmt_code_table *table, uint64_t key, uint64_t id)
{
	uint64_t i = pmt_code_hash(key) & table->mask;

	for (;; i = (i + 1) & table->mask) {
		uint64_t found = pmt_load_relaxed(&table->entries[i].key);
		if (found == 0 || found == KEY_FREED)
			break;
	}
	table->entries[i].id = id;
	/* Release pairs with the acquire in find: who sees the key sees the id. */
	pmt_store_release(&table->entries[i].key, key);
}

/* Half full, freed entries included: a table of twice the live ones. */
static void grow(void)
{
	struct pmt_code_table *old = pmt_code_table;
	uint64_t live = 0;

	for (uint64_t i = 0; i <= old->mask; i++)
		live += pmt_load_relaxed(&old->entries[i].key) > KEY_FREED;
	uint64_t size = FIRST_ENTRIES;
	while (size < live * 4)
		size *= 2;
	struct pmt_code_table *table = new_table(size);
	if (!table)
		return; /* it works on, slower */
	for (uint64_t i = 0; i <= old->mask; i++) {
		uint64_t key = pmt_load_relaxed(&old->entries[i].key);
		if (key > KEY_FREED)
			put(table, key, old->entries[i].id);
	}
	counts->used = live;
	/* The old one is never unmapped: another interpreter may be reading it. */
	atomic_store_explicit(&pmt_code_table, table, memory_order_release);
}

static void insert(uint64_t key, uint64_t id)
{
	if (++counts->used * 2 > pmt_code_table->mask)
		grow();
	put(pmt_code_table, key, id);
}

static struct extra *take_extra(uint64_t key)
{
	if (!free_extras) {
		struct extra *batch = pmt_own_map(EXTRA_BATCH_BYTES, PMT_OWN_INHERITED);
		if (!batch)
			return NULL;
		for (size_t i = 0; i < EXTRA_BATCH_BYTES / sizeof(*batch); i++) {
			batch[i].next_free = free_extras;
			free_extras = &batch[i];
		}
	}
	struct extra *extra = free_extras;
	free_extras = extra->next_free;
	extra->key = key;
	return extra;
}

static void forget_locked(uint64_t dead)
{
	struct pmt_code_table *table = pmt_code_table;
	uint64_t i = pmt_code_hash(dead) & table->mask;

	for (uint64_t key; (key = pmt_load_relaxed(&table->entries[i].key)) != 0;
	     i = (i + 1) & table->mask)
		if (key == dead)
			pmt_store_release(&table->entries[i].key, KEY_FREED);
}

void pmt_code_id_forget(uint64_t key)
{
	lock_table();
	forget_locked(key);
	unlock_table();
}

/* CPython's call when a code object dies, or when its extra value is replaced. */
static void forget_code(void *value)
{
	struct extra *extra = value;

	if (!extra)
		return;
	lock_table();
	forget_locked(extra->key);
	extra->next_free = free_extras;
	free_extras = extra;
	unlock_table();
}

void pmt_code_ids_attach_gil(void *interpreter)
{
	ssize_t index =
	    pmt_py.request_code_extra ? pmt_py.request_code_extra(forget_code) : -1;

	lock_table();
	for (int i = 0; i < INTERPRETERS_MAX; i++) {
		if (extra_index[i].interpreter &&
		    extra_index[i].interpreter != interpreter)
			continue;
		extra_index[i].interpreter = interpreter;
		extra_index[i].index = index;
		break;
	}
	unlock_table();
}

static ssize_t index_of_current(void)
{
	const void *interpreter = pmt_py.interpreter_get();

	for (int i = 0; i < INTERPRETERS_MAX && extra_index[i].interpreter; i++)
		if (extra_index[i].interpreter == interpreter)
			return extra_index[i].index;
	return -1;
}

/* Lets the code object tell us when it dies. Replacing an extra value (after a fork)
 * calls forget_code for the old one, so the lock must be free here. */
static int watch(struct _object *code, uint64_t key)
{
	ssize_t index = index_of_current();

	if (index < 0)
		return -ENOENT;
	lock_table();
	struct extra *extra = take_extra(key);
	unlock_table();
	if (!extra)
		return -ENOMEM;
	if (pmt_py.set_code_extra(code, index, extra) < 0) {
		pmt_py.PyErr_Clear();
		return -ENOMEM;
	}
	return 0;
}

uint32_t pmt_code_id_next(void)
{
	lock_table();
	uint32_t id = (uint32_t)++counts->next_id;
	unlock_table();
	return id;
}

/* define writes the record; only then may another thread find the id. */
uint32_t pmt_code_id_take_in(uint64_t key, uint32_t id, bool defined)
{
	if (!defined) {
		pmt_area_count_loss(&pmt_run->area, PMT_LOSS_NO_NAME, 1);
		return PMT_CODE_UNKNOWN;
	}
	lock_table();
	insert(key, id);
	unlock_table();
	return id;
}

/* Names and extras are our allocations: returns what the thread's sums are to be again
 * behind them. The stream is opened first: its checkpoint must not say more than the next
 * record continues from. */
static struct pmt_deltas begin_ours(struct pmt_thread *t)
{
	if (!t->emitter.live && !t->emitter.refused_countdown)
		pmt_emitter_open_self(t);
	return pmt_thread_begin_ours(t);
}

uint32_t pmt_code_id_register_gil(struct pmt_thread *t, struct _object *code)
{
	struct _object *type, *value, *traceback;
	uint64_t key = (uint64_t)(uintptr_t)code;
	int saved = errno;

	pmt_quicken_gil(code);
	if (pmt_code_raw_is_watched())
		return pmt_code_raw_register_gil(t, key);
	struct pmt_deltas before = begin_ours(t);
	/* The hook may run with an exception on its way. */
	pmt_py.PyErr_Fetch(&type, &value, &traceback);
	uint32_t id = pmt_code_id_next();
	bool watched = watch(code, key) == 0;
	enum pmt_defined defined = pmt_define_code_gil(t, id, code);
	if (defined == PMT_DEFINED_HIDDEN)
		id = (uint32_t)PMT_CODE_HIDDEN;
	/* Unwatched, its address could come to mean another function: not remembered. */
	if (watched || defined == PMT_DEFINED_NOT)
		id = pmt_code_id_take_in(key, id, defined != PMT_DEFINED_NOT);
	pmt_py.PyErr_Restore(type, value, traceback);
	pmt_thread_end_ours(t, &before);
	errno = saved;
	return id;
}

uint32_t pmt_code_id_register_c_gil(struct pmt_thread *t, const void *method_def,
				    struct _object *callable)
{
	struct _object *type, *value, *traceback;
	struct pmt_deltas before = begin_ours(t);
	int saved = errno;

	pmt_py.PyErr_Fetch(&type, &value, &traceback);
	uint32_t id = pmt_code_id_next();
	enum pmt_defined defined = pmt_define_c_function_gil(t, id, callable);
	if (defined == PMT_DEFINED_HIDDEN)
		id = (uint32_t)PMT_CODE_HIDDEN;
	id = pmt_code_id_take_in((uint64_t)(uintptr_t)method_def, id,
				 defined != PMT_DEFINED_NOT);
	pmt_py.PyErr_Restore(type, value, traceback);
	pmt_thread_end_ours(t, &before);
	errno = saved;
	return id;
}
