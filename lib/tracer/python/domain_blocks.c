/*
 * The domain wrappers of mode=objects: each block that Python asks for is a record, its
 * free too. A call within another one is the inside of the outer: it passes through, and
 * what malloc does in it waits for the outer's end (event/domain_call.h).
 *
 * A free is recorded before the block goes. A realloc is recorded when it has succeeded,
 * as nobody knows how large the block was that stays otherwise: a thread that is given
 * the old address meanwhile is put in order by the reader.
 *
 * Python hands an address from thread to thread as fast as the GIL goes. The first record
 * behind a switch has the time: so the reader knows the order of what happened with the
 * GIL, whatever it knows of malloc's.
 */
#include "base/atomics.h"
#include "event/blocks.h"
#include "event/domain_call.h"
#include "python/domains.h"
#include "thread.h"

/* The thread that wrote last with the GIL; relaxed, as interpreters may have one each. */
static _Atomic uint64_t last_thread;

PMT_INLINE void note_switch(struct pmt_thread *t)
{
	uint64_t self = (uintptr_t)t;

	if (PMT_LIKELY(pmt_load_relaxed(&last_thread) == self))
		return;
	pmt_store_relaxed(&last_thread, self);
	t->emitter.clock_countdown = 1;
}

/* NULL: no thread of ours, or within a call; then the real function does it all. */
PMT_INLINE struct pmt_thread *begin(void *old)
{
	struct pmt_thread *t = pmt_thread_self();

	if (PMT_UNLIKELY(!t || t->domain_call.is_on))
		return NULL;
	note_switch(t);
	t->domain_call.is_on = 1;
	t->domain_call.old = old;
	return t;
}

PMT_INLINE size_t end(struct pmt_thread *t, const void *p, size_t size)
{
	t->domain_call.is_on = 0;
	if (PMT_LIKELY(t->domain_call.waiting_count == 0))
		return 0;
	return pmt_domain_call_settle_self(t, p, size);
}

PMT_INLINE void *record(int domain, struct pmt_thread *t, void *p, size_t size)
{
	size_t usable_bytes = end(t, p, size);

	if (PMT_UNLIKELY(!p))
		return p;
	if (domain == PMT_DOMAIN_OBJ)
		pmt_noted_block = (struct pmt_noted_block){(uintptr_t)p, size};
	t->sums.object_bytes += size;
	t->sums.object_count++;
	pmt_blocks_allocated_self(t, p, size, usable_bytes,
				  PMT_BLOCK_RAW + (unsigned)domain);
	return p;
}

PMT_INLINE void *record_malloc(int domain, void *ctx, size_t size)
{
	struct pmt_thread *t = begin(NULL);
	void *p = pmt_domains_real[domain].malloc(ctx, size);

	return PMT_LIKELY(t != NULL) ? record(domain, t, p, size) : p;
}

PMT_INLINE void *record_calloc(int domain, void *ctx, size_t n, size_t size)
{
	struct pmt_thread *t = begin(NULL);
	void *p = pmt_domains_real[domain].calloc(ctx, n, size);

	return PMT_LIKELY(t != NULL) ? record(domain, t, p, n * size) : p;
}

PMT_INLINE void *record_realloc(int domain, void *ctx, void *old, size_t size)
{
	struct pmt_thread *t = begin(old);
	void *p = pmt_domains_real[domain].realloc(ctx, old, size);

	if (PMT_UNLIKELY(!t))
		return p;
	if (p && old)
		pmt_blocks_freed_self(t, old, 0, PMT_BLOCK_RAW + (unsigned)domain);
	return record(domain, t, p, size);
}

PMT_INLINE void record_free(int domain, void *ctx, void *p)
{
	struct pmt_thread *t = p ? begin(p) : NULL;

	if (PMT_LIKELY(t != NULL))
		pmt_blocks_freed_self(t, p, 0, PMT_BLOCK_RAW + (unsigned)domain);
	pmt_domains_real[domain].free(ctx, p);
	if (PMT_LIKELY(t != NULL))
		end(t, NULL, 0);
}

#define DOMAIN(name, domain)                                                             \
	static void *name##_malloc(void *ctx, size_t size)                               \
	{                                                                                \
		return record_malloc(domain, ctx, size);                                 \
	}                                                                                \
	static void *name##_calloc(void *ctx, size_t n, size_t size)                     \
	{                                                                                \
		return record_calloc(domain, ctx, n, size);                              \
	}                                                                                \
	static void *name##_realloc(void *ctx, void *p, size_t size)                     \
	{                                                                                \
		return record_realloc(domain, ctx, p, size);                             \
	}                                                                                \
	static void name##_free(void *ctx, void *p)                                      \
	{                                                                                \
		record_free(domain, ctx, p);                                             \
	}
DOMAIN(raw, PMT_DOMAIN_RAW)
DOMAIN(mem, PMT_DOMAIN_MEM)
DOMAIN(obj, PMT_DOMAIN_OBJ)

const struct pmt_py_allocator pmt_domains_recording[PMT_DOMAINS] = {
    {NULL, raw_malloc, raw_calloc, raw_realloc, raw_free},
    {NULL, mem_malloc, mem_calloc, mem_realloc, mem_free},
    {NULL, obj_malloc, obj_calloc, obj_realloc, obj_free},
};
