/*
 * Calls each function of the malloc family in known ways and keeps a list of what
 * happened to which block, for a program that loads this by ctypes: the trace must hold
 * the same list. Nothing else runs on the thread between the first and the last call of a
 * group.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

/* As the trace has them. */
enum { ALLOC, FREE };
enum { MALLOC, REALLOC, ALIGNED };

struct happened {
	uint32_t what, kind;
	uint64_t address, requested, usable;
};

enum { HAPPENED_MAX = 4096 };
static struct happened list[HAPPENED_MAX];
static uint32_t count;

/* Volatile: the compiler must not see that a call can only fail. */
static volatile size_t huge = SIZE_MAX / 2, zero = 0;

static void *gave(void *p, uint32_t kind, size_t requested)
{
	if (!p || count == HAPPENED_MAX)
		abort();
	list[count++] = (struct happened){ALLOC, kind, (uintptr_t)p, requested,
					  malloc_usable_size(p)};
	return p;
}

static void takes(void *p, uint32_t kind)
{
	if (count == HAPPENED_MAX)
		abort();
	list[count++] = (struct happened){FREE, kind, (uintptr_t)p, 0, 0};
}

static void drop(void *p)
{
	takes(p, MALLOC);
	free(p);
}

static void *resize(void *p, size_t size)
{
	takes(p, REALLOC);
	return gave(realloc(p, size), REALLOC, size);
}

/* A failure writes the old block anew, with what could be used of it. */
static void refuse(void *p, size_t size)
{
	takes(p, REALLOC);
	if (realloc(p, size))
		abort();
	gave(p, REALLOC, malloc_usable_size(p));
}

static void must_fail(const void *p)
{
	if (p)
		abort();
}

EXPORT uint32_t calls_happened(struct happened **ret_list)
{
	*ret_list = list;
	return count;
}

/* One of each; the last three stay. */
EXPORT void calls_family(void)
{
	void *p = NULL;

	drop(gave(malloc(zero), MALLOC, 0));
	drop(gave(malloc(1), MALLOC, 1));
	drop(gave(malloc(300000), MALLOC, 300000));
	drop(gave(calloc(7, 13), MALLOC, 7 * 13));
	drop(gave(realloc(NULL, 100), REALLOC, 100));
	drop(gave(realloc(NULL, zero), REALLOC, 0));
	drop(gave(reallocarray(NULL, 11, 10), REALLOC, 110));
	if (posix_memalign(&p, 256, 1000))
		abort();
	drop(gave(p, ALIGNED, 1000));
	drop(gave(aligned_alloc(64, 640), ALIGNED, 640));
	drop(gave(memalign(4096, 5), ALIGNED, 5));
	drop(gave(valloc(6), ALIGNED, 6));
	drop(gave(pvalloc(7), ALIGNED, 7));
	gave(malloc(10000), MALLOC, 10000);
	gave(calloc(3, 10000), MALLOC, 30000);
	gave(memalign(1 << 20, 1000), ALIGNED, 1000);
	free(NULL);
}

/* Up and down, in place and not, into a mapping of its own and out of it. */
EXPORT void calls_resize(void)
{
	void *p = gave(malloc(10), MALLOC, 10);
	void *behind;

	for (size_t size = 20; size < 3000000; size = size * 3 / 2)
		p = resize(p, size);
	behind = gave(malloc(10), MALLOC, 10);
	for (size_t size = 3000000; size > 50; size = size * 2 / 3)
		p = resize(p, size);
	takes(p, REALLOC);
	must_fail(realloc(p, zero)); /* glibc: frees it */
	p = gave(realloc(NULL, 12345), REALLOC, 12345);
	takes(p, REALLOC);
	p = gave(reallocarray(p, 100, 321), REALLOC, 32100); /* stays */
	drop(behind);
}

EXPORT void calls_refused(void)
{
	void *p = gave(malloc(44444), MALLOC, 44444); /* stays */
	void *untouched = &p;

	must_fail(malloc(huge));
	must_fail(calloc(huge, 4));
	must_fail(realloc(NULL, huge));
	refuse(p, huge);
	must_fail(reallocarray(p, huge, 4)); /* never reaches realloc */
	must_fail(memalign(64, huge));
	must_fail(aligned_alloc(64, huge & -(size_t)64));
	if (!posix_memalign(&untouched, 3, 100) || untouched != &p)
		abort();
	must_fail(valloc(huge));
	must_fail(pvalloc(huge));
}

/* Held all together at one moment only: the heap's highest. */
EXPORT void calls_most(void)
{
	void *p[64];

	for (size_t i = 0; i < 64; i++)
		p[i] = gave(malloc((1 << 20) + i), MALLOC, (1 << 20) + i);
	for (size_t i = 0; i < 63; i++)
		drop(p[i]); /* the last stays */
}

static void *(*ours)(size_t), *(*libcs)(size_t);
static void (*libcs_free)(void *);

/* By the name that programs see, ours; by libc's own, nobody's: then only what goes
 * through free by name is seen. */
EXPORT void calls_looked_up(void)
{
	gave(ours(55555), MALLOC, 55555); /* stays */
	drop(gave(ours(66666), MALLOC, 66666));
	libcs_free(libcs(77777));
	drop(libcs(88888));
	gave(ours(9999), MALLOC, 9999); /* stays */
}

__attribute__((constructor)) static void load(void)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);

	/* Here, as the loader allocates for it. */
	ours = dlsym(RTLD_DEFAULT, "malloc");
	libcs = dlsym(libc, "malloc");
	libcs_free = dlsym(libc, "free");
	gave(malloc(777777), MALLOC, 777777);
}
