/*
 * libcountpreload.so: an independent counter of the malloc family, named before the
 * tracer's library so that it sees the same calls. Nothing is shared with the tracer: one
 * set of atomics, sizes by malloc_usable_size.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "support/probe.h"

#define EXPORT __attribute__((visibility("default")))

static atomic_ullong allocated_bytes, allocated_count, freed_bytes, freed_count;
static atomic_llong mapped_bytes, file_mapped_bytes;
static atomic_bool counting;
static __thread unsigned realloc_calls; /* of this thread */

#define NEXT(result, name, args)                                                         \
	static result(*real) args;                                                       \
	if (!real)                                                                       \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

static size_t usable(void *p)
{
	NEXT(size_t, malloc_usable_size, (void *));
	return real(p);
}

static void *add(void *p)
{
	if (p && counting) {
		allocated_bytes += usable(p);
		allocated_count++;
	}
	return p;
}

static void subtract(size_t bytes)
{
	if (counting) {
		freed_bytes += bytes;
		freed_count++;
	}
}

EXPORT void *malloc(size_t size)
{
	NEXT(void *, malloc, (size_t));
	return add(real(size));
}

EXPORT void *calloc(size_t count, size_t size)
{
	NEXT(void *, calloc, (size_t, size_t));
	return add(real(count, size));
}

EXPORT void free(void *p)
{
	NEXT(void, free, (void *));
	if (p)
		subtract(usable(p));
	real(p);
}

EXPORT void *realloc(void *p, size_t size)
{
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

EXPORT void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t off)
{
	NEXT(void *, mmap, (void *, size_t, int, int, int, off_t));
	void *mapped = real(at, size, prot, flags, fd, off);

	if (mapped != MAP_FAILED) {
		add_mapping(size, flags, 1);
		if (!(flags & MAP_ANONYMOUS))
			file_mapping = mapped;
	}
	return mapped;
}

EXPORT void *mmap64(void *at, size_t size, int prot, int flags, int fd, off_t off)
{
	return mmap(at, size, prot, flags, fd, off);
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
