/*
 * libcountpreload.so: an independent counter of the malloc family, named before the
 * tracer's library or behind it. Nothing is shared with the tracer: a set of atomics, a
 * set for each thread, sizes by malloc_usable_size.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/probe.h"

#define EXPORT __attribute__((visibility("default")))
/* Another model's first access in a thread may allocate, and end here again. */
#define TLS __thread __attribute__((tls_model("initial-exec")))

static atomic_ullong allocated_bytes, allocated_count, freed_bytes, freed_count;
static atomic_llong mapped_bytes, file_mapped_bytes;
static atomic_bool counting;
static TLS struct counted mine; /* of this thread, from its first moment */
static TLS unsigned realloc_calls;
/* Volatile: dlsym is declared a leaf, that calls nothing of this file. It does. */
static TLS volatile bool resolving;

/* What dlsym asks for while it looks for the function that it would need: given from
 * here, and never taken back. */
static char pool[16384];
static atomic_size_t pool_used;

static void *pool_alloc(size_t size)
{
	size_t at = atomic_fetch_add(&pool_used, 16 + (size + 15) / 16 * 16) + 16;

	if (at + size > sizeof(pool))
		return NULL;
	memcpy(pool + at - 16, &size, sizeof(size));
	return pool + at;
}

static bool is_pooled(const void *p)
{
	return (const char *)p >= pool && (const char *)p < pool + sizeof(pool);
}

static void *resolve(const char *name)
{
	resolving = true;
	void *found = dlsym(RTLD_NEXT, name);
	resolving = false;
	return found;
}

#define NEXT(result, name, args)                                                         \
	static result(*real) args;                                                       \
	if (!real)                                                                       \
	*(void **)&real = resolve(#name)

static size_t usable(void *p)
{
	NEXT(size_t, malloc_usable_size, (void *));
	return real(p);
}

static void *add(void *p)
{
	if (!p)
		return p;
	size_t bytes = usable(p);

	mine.allocated_bytes += bytes;
	mine.allocated_count++;
	if (counting) {
		allocated_bytes += bytes;
		allocated_count++;
	}
	return p;
}

static void subtract(size_t bytes)
{
	mine.freed_bytes += bytes;
	mine.freed_count++;
	if (counting) {
		freed_bytes += bytes;
		freed_count++;
	}
}

EXPORT void *malloc(size_t size)
{
	if (resolving)
		return pool_alloc(size);
	NEXT(void *, malloc, (size_t));
	return add(real(size));
}

EXPORT void *calloc(size_t count, size_t size)
{
	if (resolving)
		return pool_alloc(count * size);
	NEXT(void *, calloc, (size_t, size_t));
	return add(real(count, size));
}

EXPORT void free(void *p)
{
	if (!p || is_pooled(p) || resolving)
		return;
	NEXT(void, free, (void *));
	subtract(usable(p));
	real(p);
}

EXPORT void *realloc(void *p, size_t size)
{
	if (is_pooled(p)) {
		size_t old_size;
		memcpy(&old_size, (char *)p - 16, sizeof(old_size));
		void *moved = malloc(size);
		return moved ? memcpy(moved, p, old_size < size ? old_size : size) : NULL;
	}
	NEXT(void *, realloc, (void *, size_t));
	size_t before = p ? usable(p) : 0;
	void *moved = real(p, size);

	realloc_calls++;
	if (p && (moved || size == 0))
		subtract(before);
	return add(moved);
}

/* glibc's calls realloc, mimalloc's does not: seen by whether it did. */
EXPORT void *reallocarray(void *p, size_t count, size_t size)
{
	NEXT(void *, reallocarray, (void *, size_t, size_t));
	size_t before = p ? usable(p) : 0;
	unsigned calls_before = realloc_calls;
	void *moved = real(p, count, size);

	if (realloc_calls != calls_before)
		return moved;
	if (p && (moved || count == 0 || size == 0))
		subtract(before);
	return add(moved);
}

EXPORT int posix_memalign(void **ret_block, size_t align, size_t size)
{
	NEXT(int, posix_memalign, (void **, size_t, size_t));
	int err = real(ret_block, align, size);

	if (!err)
		add(*ret_block);
	return err;
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	NEXT(void *, aligned_alloc, (size_t, size_t));
	return add(real(align, size));
}

EXPORT void *memalign(size_t align, size_t size)
{
	NEXT(void *, memalign, (size_t, size_t));
	return add(real(align, size));
}

EXPORT void *valloc(size_t size)
{
	NEXT(void *, valloc, (size_t));
	return add(real(size));
}

EXPORT void *pvalloc(size_t size)
{
	NEXT(void *, pvalloc, (size_t));
	return add(real(size));
}

static void add_mapping(size_t size, int flags, int sign)
{
	long long bytes = ((long long)size + 4095) / 4096 * 4096;

	if (!counting)
		return;
	if (flags & MAP_ANONYMOUS)
		mapped_bytes += sign * bytes;
	else
		file_mapped_bytes += sign * bytes;
}

/* The test program unmaps whole mappings only, and says here which were of files. */
static void *file_mapping;

static void *add_mmap(void *mapped, size_t size, int flags)
{
	if (mapped != MAP_FAILED) {
		add_mapping(size, flags, 1);
		if (!(flags & MAP_ANONYMOUS))
			file_mapping = mapped;
	}
	return mapped;
}

EXPORT void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t off)
{
	NEXT(void *, mmap, (void *, size_t, int, int, int, off_t));
	return add_mmap(real(at, size, prot, flags, fd, off), size, flags);
}

EXPORT void *mmap64(void *at, size_t size, int prot, int flags, int fd, off_t off)
{
	NEXT(void *, mmap64, (void *, size_t, int, int, int, off_t));
	return add_mmap(real(at, size, prot, flags, fd, off), size, flags);
}

EXPORT int munmap(void *at, size_t size)
{
	NEXT(int, munmap, (void *, size_t));
	bool is_file = at == file_mapping;
	int err = real(at, size);

	if (!err)
		add_mapping(size, is_file ? 0 : MAP_ANONYMOUS, -1);
	return err;
}

/* Of anonymous memory only. */
EXPORT void *mremap(void *at, size_t old_size, size_t size, int flags, ...)
{
	NEXT(void *, mremap, (void *, size_t, size_t, int, ...));
	void *mapped = real(at, old_size, size, flags);

	if (mapped != MAP_FAILED) {
		add_mapping(old_size, MAP_ANONYMOUS, -1);
		add_mapping(size, MAP_ANONYMOUS, 1);
	}
	return mapped;
}

EXPORT void *sbrk(intptr_t increment)
{
	NEXT(void *, sbrk, (intptr_t));
	void *before = real(increment);

	if (before != (void *)-1 && counting)
		mapped_bytes += increment;
	return before;
}

EXPORT void count_begin(void)
{
	counting = true;
}

EXPORT void count_read(struct counted *ret_counted)
{
	*ret_counted = (struct counted){
	    .allocated_bytes = allocated_bytes,
	    .allocated_count = allocated_count,
	    .freed_bytes = freed_bytes,
	    .freed_count = freed_count,
	    .mapped_bytes = mapped_bytes,
	    .file_mapped_bytes = file_mapped_bytes,
	};
}

/* Calls a Python function and says what its thread allocated and freed meanwhile. For
 * ctypes.PyDLL; the interpreter's function is looked up, for this is no library of its.
 */
EXPORT int count_call(void *function, uint64_t *ret_counts)
{
	static void *(*call)(void *, void *);
	struct counted before;

	if (!call)
		*(void **)&call = dlsym(RTLD_DEFAULT, "PyObject_CallObject");
	if (!call)
		return 2;
	before = mine;
	bool is_well =
	    call(function, NULL) != NULL; /* None: a reference more is no harm */
	ret_counts[0] = mine.allocated_bytes - before.allocated_bytes;
	ret_counts[1] = mine.allocated_count - before.allocated_count;
	ret_counts[2] = mine.freed_bytes - before.freed_bytes;
	ret_counts[3] = mine.freed_count - before.freed_count;
	return is_well ? 0 : 1;
}
