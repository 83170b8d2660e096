/*
 * Finding the real functions on glibc (any libc with dlsym and RTLD_NEXT; the rest is
 * asked under __GLIBC__). Runs once, early, usually before main and in one thread.
 */
#include "config.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "interpose/bootstrap.h"
#include "interpose/glibc_heap.h"
#include "interpose/real.h"

/* --- before the table is bound --- */

/* Threads that are binding: what they allocate meanwhile comes from the pool. */
static uint32_t binding;

static bool is_binding(void)
{
	return __atomic_load_n(&binding, __ATOMIC_ACQUIRE) != 0;
}

static void *pool_alloc(size_t size)
{
	void *p = pmt_bootstrap_alloc(size, 1);

	if (!p)
		errno = ENOMEM;
	return p;
}

static void *first_malloc(size_t size)
{
	if (is_binding())
		return pool_alloc(size);
	pmt_real_bind();
	return pmt_real.malloc(size);
}

static void *first_calloc(size_t count, size_t size)
{
	size_t bytes;

	if (!is_binding()) {
		pmt_real_bind();
		return pmt_real.calloc(count, size);
	}
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return pool_alloc(bytes); /* never used before, so zeroed */
}

/* The wrappers keep blocks of the pool to themselves: p is another's, or NULL. */
static void *first_realloc(void *p, size_t size)
{
	if (is_binding())
		return p ? NULL : pool_alloc(size);
	pmt_real_bind();
	return pmt_real.realloc(p, size);
}

static void first_free(void *p)
{
	if (!p || is_binding()) /* nothing is known that could take it back: a leak */
		return;
	pmt_real_bind();
	pmt_real.free(p);
}

struct pmt_real pmt_real = {
    .malloc = first_malloc,
    .calloc = first_calloc,
    .realloc = first_realloc,
    .free = first_free,
};

/* --- the table --- */

struct name {
	char name[20];
	uint16_t off;
};

#define NAME(function) {#function, offsetof(struct pmt_real, function)}

static const struct name names[] = {
    NAME(malloc),
    NAME(free),
    NAME(calloc),
    NAME(realloc),
    NAME(posix_memalign),
    NAME(aligned_alloc),
    NAME(memalign),
    NAME(valloc),
    NAME(pvalloc),
    NAME(malloc_usable_size),
    NAME(malloc_trim),
    NAME(mmap),
    NAME(mmap64),
    NAME(munmap),
    NAME(mremap),
    NAME(madvise),
    NAME(mlock),
    NAME(mlock2),
    NAME(mlockall),
    NAME(sbrk),
    NAME(brk),
    NAME(shmat),
    NAME(shmdt),
    NAME(read),
    NAME(pread),
    NAME(pread64),
    NAME(readv),
    NAME(recv),
    NAME(recvfrom),
    NAME(recvmsg),
};

/* In place of a function that this libc does not have: nobody linked against it. */
static long missing(void)
{
	errno = ENOSYS;
	return -1;
}

static void *missing_block(void)
{
	errno = ENOSYS;
	return NULL;
}

static void look_up(struct pmt_real *table, const struct name *n)
{
	void *found = dlsym(RTLD_NEXT, n->name);
	void **slot = (void **)((char *)table + n->off);

	if (found)
		*slot = found;
	else if (n->off >= offsetof(struct pmt_real, posix_memalign) &&
		 n->off <= offsetof(struct pmt_real, pvalloc))
		*slot = (void *)missing_block;
	else
		*slot = (void *)missing;
}

/* All at once at the end: as long as dlsym runs, each of the family serves from the pool,
 * so that it never gets a block from one and gives it to the other. */
static void bind_table(void)
{
	struct pmt_real table = {.bound = 0};

	__atomic_add_fetch(&binding, 1, __ATOMIC_ACQ_REL);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		look_up(&table, &names[i]);
	pmt_real = table;
	__atomic_sub_fetch(&binding, 1, __ATOMIC_ACQ_REL);
}

/* --- whose malloc it is --- */

static const void *base_of(const void *address)
{
	Dl_info info;

	return dladdr(address, &info) ? info.dli_fbase : NULL;
}

static const void *libc_base(void)
{
#ifdef __GLIBC__
	return base_of((const void *)gnu_get_libc_version);
#else
	return NULL;
#endif
}

/* Notes where the allocator's object begins and ends; its ELF header is mapped. */
static void mark_allocator(const void *base)
{
	const ElfW(Ehdr) *header = base;
	const ElfW(Phdr) * segment;
	uintptr_t end = 0;

	if (!base || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return;
	segment = (const ElfW(Phdr) *)((const char *)base + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++)
		if (segment[i].p_type == PT_LOAD &&
		    segment[i].p_vaddr + segment[i].p_memsz > end)
			end = segment[i].p_vaddr + segment[i].p_memsz;
	pmt_real.allocator_begin = (uintptr_t)base;
	pmt_real.allocator_end = (uintptr_t)base + end;
}

/* Small blocks, so that neither the mmap threshold nor the heap's end is touched. */
static void check_heap(void)
{
	static const size_t sizes[] = {1, 24, 25, 100, 1000};
	enum { COUNT = sizeof(sizes) / sizeof(*sizes) };
	void *blocks[COUNT];
	size_t count = 0;

	while (count < COUNT && (blocks[count] = pmt_real.malloc(sizes[count])) != NULL)
		count++;
	if (count == COUNT)
		pmt_glibc_heap_check(blocks, COUNT, pmt_real.malloc_usable_size);
	while (count > 0)
		pmt_real.free(blocks[--count]);
}

static void know_allocator(void)
{
	const void *libc = libc_base();
	const void *mine = base_of((const void *)pmt_real.malloc);
	const char *tunables;

	if (!libc || mine != libc) {
		mark_allocator(mine);
		return;
	}
	if (base_of((const void *)pmt_real.free) != libc ||
	    base_of((const void *)pmt_real.malloc_usable_size) != libc)
		return;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the constructor, one thread */
	tunables = getenv("GLIBC_TUNABLES");
	if (tunables && strstr(tunables, "hugetlb"))
		pmt_arena_distrust();
	check_heap();
}

void pmt_real_bind(void)
{
	int saved = errno;

	bind_table();
	know_allocator();
	__atomic_store_n(&pmt_real.bound, 1, __ATOMIC_RELEASE);
	errno = saved;
}

__attribute__((constructor)) static void bind_at_start(void)
{
	pmt_real_bound();
}
