/*
 * The domain wrappers that count; see domains.h. They keep the context of the allocator
 * they stand in front of, so that free needs no wrapper and costs nothing. Requested
 * bytes; a realloc counts as an allocation of the new size.
 */
#include "python/domains.h"

#include "python/api.h"
#include "thread.h"

struct pmt_py_allocator pmt_domains_real[PMT_DOMAINS];

/*
 * The sums are set, not added to: a large object goes on to the raw domain, and through
 * our wrapper there, but was asked for once. Budget: one TLS load, two stores.
 */
#define COUNTED(domain, call, size)                                                      \
	struct pmt_thread *t = pmt_self;                                                 \
	if (PMT_UNLIKELY(!t))                                                            \
		return pmt_domains_real[domain].call;                                    \
	uint64_t bytes = t->sums.object_bytes;                                           \
	uint64_t count = t->sums.object_count;                                           \
	void *result = pmt_domains_real[domain].call;                                    \
	if (PMT_LIKELY(result != NULL)) {                                                \
		t->sums.object_bytes = bytes + (size);                                   \
		t->sums.object_count = count + 1;                                        \
	}                                                                                \
	return result

#define DOMAIN(name, domain)                                                             \
	static void *name##_malloc(void *ctx, size_t size)                               \
	{                                                                                \
		COUNTED(domain, malloc(ctx, size), size);                                \
	}                                                                                \
	static void *name##_calloc(void *ctx, size_t n, size_t size)                     \
	{                                                                                \
		COUNTED(domain, calloc(ctx, n, size), n *size);                          \
	}                                                                                \
	static void *name##_realloc(void *ctx, void *p, size_t size)                     \
	{                                                                                \
		COUNTED(domain, realloc(ctx, p, size), size);                            \
	}
DOMAIN(raw, PMT_DOMAIN_RAW)
DOMAIN(mem, PMT_DOMAIN_MEM)
DOMAIN(obj, PMT_DOMAIN_OBJ)

static const struct pmt_py_allocator counting[PMT_DOMAINS] = {
    {NULL, raw_malloc, raw_calloc, raw_realloc, NULL},
    {NULL, mem_malloc, mem_calloc, mem_realloc, NULL},
    {NULL, obj_malloc, obj_calloc, obj_realloc, NULL},
};

PMT_TLS struct pmt_noted_block pmt_noted_block;

/* mode=refs: also where the thread's last object block is. */
static void *note(void *p, size_t size)
{
	pmt_noted_block = (struct pmt_noted_block){(uintptr_t)p, p ? size : 0};
	return p;
}

static void *noting_malloc(void *ctx, size_t size)
{
	return note(obj_malloc(ctx, size), size);
}

static void *noting_calloc(void *ctx, size_t n, size_t size)
{
	return note(obj_calloc(ctx, n, size), n * size);
}

static void *noting_realloc(void *ctx, void *p, size_t size)
{
	return note(obj_realloc(ctx, p, size), size);
}

/* Our functions for a domain; which, a process decides once. */
static struct pmt_py_allocator ours_of(int domain, enum pmt_domains_way way)
{
	if (way == PMT_DOMAINS_RECORD)
		return pmt_domains_recording[domain];
	if (way == PMT_DOMAINS_NOTE && domain == PMT_DOMAIN_OBJ)
		return (struct pmt_py_allocator){NULL, noting_malloc, noting_calloc,
						 noting_realloc, NULL};
	return counting[domain];
}

enum comes { BY_US, NOT_BY_US, NOBODY_KNOWS };

/* Whether a call of the allocator comes by our function for the domain: tracemalloc and
 * others may stand in front of it. One that gives no memory may have asked us or not: to
 * stand in front of who calls us would be a circle. */
static enum comes comes_by_us(const struct pmt_py_allocator *now)
{
	const struct pmt_thread *t = pmt_self;
	uint64_t before = t ? t->sums.object_count : 0;
	void *p = now->malloc(now->ctx, 1);

	if (!p)
		return NOBODY_KNOWS;
	now->free(now->ctx, p);
	return !t || t->sums.object_count != before ? BY_US : NOT_BY_US;
}

/* What lay in front of the object domain when we looked last, NULL to look again; with
 * the GIL. */
static void *(*front)(void *ctx, size_t size);

bool pmt_domains_changed_gil(void)
{
	struct pmt_py_allocator now = {0};

	pmt_py.PyMem_GetAllocator(PMT_DOMAIN_OBJ, &now);
	return now.malloc != front;
}

void pmt_domains_install_gil(enum pmt_domains_way way)
{
	struct pmt_py_allocator in_front = {0};
	enum comes comes, any = BY_US;

	for (int domain = 0; domain < PMT_DOMAINS; domain++) {
		struct pmt_py_allocator now = {0};

		pmt_py.PyMem_GetAllocator(domain, &now);
		const struct pmt_py_allocator ours = ours_of(domain, way);
		if (!now.malloc || now.malloc == ours.malloc)
			continue;
		comes = pmt_domains_real[domain].malloc ? comes_by_us(&now) : NOT_BY_US;
		if (comes == NOBODY_KNOWS)
			any = NOBODY_KNOWS;
		if (comes != NOT_BY_US)
			continue;
		pmt_domains_real[domain] = now;
		now.malloc = ours.malloc;
		now.calloc = ours.calloc;
		now.realloc = ours.realloc;
		if (ours.free)
			now.free = ours.free;
		pmt_py.PyMem_SetAllocator(domain, &now);
	}
	pmt_py.PyMem_GetAllocator(PMT_DOMAIN_OBJ, &in_front);
	front = any == NOBODY_KNOWS ? NULL : in_front.malloc;
}
