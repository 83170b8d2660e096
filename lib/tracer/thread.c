/*
 * The table of threads. Comes in: any thread at its first counted call, in malloc, in a
 * signal handler, in a destructor. Goes out: an entry that stays mapped for good.
 *
 * One reservation of address space, touched entry by entry: a process with ten threads
 * pays two pages. Taking is a bump or the reuse of a freed entry, by compare-and-swap.
 * Entry 0 belongs to no thread: it holds the sums of those that are gone.
 */
#include "thread.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "base/atomics.h"
#include "os/sys.h"
#include "rss/own_memory.h"

struct entry {
	_Alignas(PMT_CACHE_LINE_BYTES) struct pmt_thread thread;
};

struct table {
	/* Entries in [1, used) given back. pmt_thread_free adds, takers subtract. A fork
	 * wipes it to 0 with the rest: until after_fork ran, nobody may take the entry
	 * that the forking thread still points at. */
	_Atomic uint32_t freed_count;
	struct entry entries[PMT_THREADS_MAX];
};

_Static_assert(sizeof(struct pmt_thread) - offsetof(struct pmt_thread, os_tid) <= 8,
	       "os_tid is the last field: clearing an entry stops before it");

/* Written once, by whoever maps first; release publishes the mapping's first words. */
static struct table *_Atomic table;
/* Entries ever taken, entry 0 included. Any thread adds; survives a fork on purpose. */
static _Atomic uint32_t used = 1;
/* The table becomes resident in blocks, not page by page under the program's threads. */
enum { BLOCK_BYTES = 65536 };

/* The kernel refused the table: do not ask it again at every malloc. */
static _Atomic uint32_t refused;

PMT_TLS struct pmt_thread *pmt_self;
uint32_t pmt_counting;

static size_t block_of(uint32_t i)
{
	return (offsetof(struct table, entries) + (i + 1) * sizeof(struct entry) - 1) /
	       BLOCK_BYTES;
}

static void populate_block(struct table *tab, size_t block)
{
	size_t at = block * BLOCK_BYTES;
	size_t left = sizeof(*tab) - at;

	pmt_own_populate((char *)tab + at, left < BLOCK_BYTES ? left : BLOCK_BYTES);
}

static struct table *map_table(void)
{
	struct table *mine, *expected = NULL;

	if (pmt_load32_relaxed(&refused)) /* relaxed: a late look costs one more try */
		return NULL;
	mine = pmt_sys_mmap(NULL, sizeof(*mine), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* Kernels before 4.14 do not wipe; there is no tracing on them (run/run.c). */
	if (pmt_sys_is_error(mine) ||
	    pmt_sys_madvise(mine, sizeof(*mine), MADV_WIPEONFORK) < 0) {
		pmt_store32_release(&refused, 1);
		return NULL;
	}
	/* One huge page for the first thread's few hundred bytes would be ours to pay. */
	pmt_sys_madvise(mine, sizeof(*mine), MADV_NOHUGEPAGE);
	if (atomic_compare_exchange_strong_explicit(
		&table, &expected, mine, memory_order_acq_rel, memory_order_acquire)) {
		populate_block(mine, 0);
		return mine;
	}
	pmt_sys_munmap(mine, sizeof(*mine));
	return expected;
}

static struct table *borrow_table(void)
{
	return atomic_load_explicit(&table, memory_order_acquire);
}

/* An entry that a dead thread left, or NULL. */
static struct pmt_thread *take_freed(struct table *tab, uint32_t tid)
{
	uint32_t end = pmt_load32_acquire(&used);

	if (pmt_load32_acquire(&tab->freed_count) == 0)
		return NULL;
	for (uint32_t i = 1; i < end; i++) {
		struct pmt_thread *t = &tab->entries[i].thread;

		if (pmt_load32_relaxed(&t->os_tid) == 0 &&
		    pmt_cas32(&t->os_tid, 0, tid)) {
			pmt_add32_relaxed(&tab->freed_count, UINT32_MAX);
			return t;
		}
	}
	return NULL;
}

/* The next entry that nobody had, or NULL when the table is full. */
static struct pmt_thread *take_fresh(struct table *tab, uint32_t tid)
{
	for (;;) {
		uint32_t i = pmt_load32_acquire(&used);

		if (i >= PMT_THREADS_MAX)
			return NULL;
		if (!pmt_cas32(&used, i, i + 1))
			continue;
		if (block_of(i) != block_of(i - 1))
			populate_block(tab, block_of(i));
		/* It fails only when take_freed was faster on this entry. */
		if (pmt_cas32(&tab->entries[i].thread.os_tid, 0, tid))
			return &tab->entries[i].thread;
	}
}

/* Release: whoever takes the entry by its acquiring swap finds it cleared. */
static void give_back(struct table *tab, struct pmt_thread *t)
{
	pmt_store32_release(&t->os_tid, 0);
	pmt_add32_relaxed(&tab->freed_count, 1);
}

struct pmt_thread *pmt_thread_new_self(void)
{
	struct table *tab = borrow_table();
	struct pmt_thread *t;

	if (!tab)
		tab = map_table();
	if (!tab)
		return NULL;
	if (pmt_load32_relaxed(&used) >= PMT_THREADS_MAX &&
	    pmt_load32_relaxed(&tab->freed_count) == 0)
		return NULL; /* without a system call: it is asked at every malloc */
	uint32_t tid = (uint32_t)pmt_sys_gettid();
	t = take_freed(tab, tid);
	if (!t)
		t = take_fresh(tab, tid);
	if (t && pmt_self) { /* a signal handler came between and took one already */
		give_back(tab, t);
		return pmt_self;
	}
	pmt_self = t;
	return t;
}

struct pmt_thread *pmt_thread_at(uint32_t i)
{
	struct table *tab = borrow_table();

	return tab && i < pmt_load32_acquire(&used) ? &tab->entries[i].thread : NULL;
}

static void add_deltas(struct pmt_deltas *to, const struct pmt_deltas *d)
{
	to->allocated_bytes += d->allocated_bytes;
	to->allocated_count += d->allocated_count;
	to->freed_bytes += d->freed_bytes;
	to->freed_count += d->freed_count;
	to->object_bytes += d->object_bytes;
	to->object_count += d->object_count;
	to->rss_pages += d->rss_pages;
	to->mapped_bytes += d->mapped_bytes;
	to->file_mapped_bytes += d->file_mapped_bytes;
}

void pmt_thread_free(struct pmt_thread *t)
{
	struct table *tab = borrow_table();

	add_deltas(&tab->entries[0].thread.sums, &t->sums);
	memset(t, 0, offsetof(struct pmt_thread, os_tid));
	give_back(tab, t);
}

void pmt_thread_after_fork(void)
{
	struct table *tab = borrow_table();
	uint32_t end = pmt_load32_acquire(&used);
	uint32_t freed_count = 0;

	if (!tab)
		return;
	for (size_t block = 0; block <= block_of(end - 1); block++)
		populate_block(tab, block);
	if (pmt_self)
		pmt_store32_release(&pmt_self->os_tid, (uint32_t)pmt_sys_gettid());
	/* Wiped entries are free, but not those that threads of the child took already.
	 */
	for (uint32_t i = 1; i < end; i++)
		freed_count += pmt_load32_acquire(&tab->entries[i].thread.os_tid) == 0;
	pmt_store32_release(&tab->freed_count, freed_count);
}
