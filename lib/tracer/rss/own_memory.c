/*
 * The tracer's own pages; see own_memory.h. A change is the mapping's becoming resident
 * and its count together; readers of the resident set look for one under way, so that no
 * event sees half of it.
 */
#include "rss/own_memory.h"

#include <errno.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/atomics.h"
#include "base/attr.h"
#include "os/sys.h"

#ifndef MADV_POPULATE_READ /* Linux 5.14, glibc 2.35 */
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

enum {
	WIPED_MAX = 64, /* regions; further ones are charged to a child's functions */
	LOOK_TRIES = 1000,
};

/* Any thread adds. */
static _Atomic uint64_t own_pages;
/* Changes under way, and those done. Whoever changes adds, release; readers acquire. */
static _Atomic uint32_t changing, version;
/* Written by whoever took the number; read in a child, single-threaded. */
static struct region {
	void *at;
	size_t size;
} wiped[WIPED_MAX];
static _Atomic uint32_t wiped_count;

/* Where the linker put this library's (or test program's) ELF header. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*): the linker's own name */
extern const char __ehdr_start[] PMT_HIDDEN;

static size_t round_up(size_t size)
{
	size_t page = (size_t)getpagesize();

	return (size + page - 1) & -page;
}

static void begin_change(void)
{
	atomic_fetch_add_explicit(&changing, 1, memory_order_acq_rel);
}

static uint64_t pages_of(size_t size)
{
	return round_up(size) / (size_t)getpagesize();
}

/* Pages may be fewer than none: of a change that gives some back. */
static void end_change_pages(uint64_t pages)
{
	pmt_add_relaxed(&own_pages, pages);
	atomic_fetch_add_explicit(&version, 1, memory_order_acq_rel);
	atomic_fetch_sub_explicit(&changing, 1, memory_order_release);
}

static void end_change(size_t size)
{
	end_change_pages(pages_of(size));
}

uint32_t pmt_own_look_begin(void)
{
	for (int i = 0; i < LOOK_TRIES && pmt_load32_acquire(&changing); i++)
		pmt_sys_sched_yield();
	return pmt_load32_acquire(&version);
}

bool pmt_own_look_settled(uint32_t seen)
{
	return !pmt_load32_acquire(&changing) && pmt_load32_acquire(&version) == seen;
}

uint64_t pmt_own_pages(void)
{
	return pmt_load_acquire(&own_pages);
}

/* Before Linux 5.14 by hand: adding 0 does no harm to what others write meanwhile. */
static void make_resident(void *at, size_t size)
{
	if (pmt_sys_madvise(at, round_up(size), MADV_POPULATE_WRITE) == 0)
		return;
	for (size_t i = 0; i < size; i += (size_t)getpagesize())
		pmt_add32_relaxed((_Atomic uint32_t *)((char *)at + i), 0);
}

void pmt_own_populate(void *at, size_t size)
{
	begin_change();
	make_resident(at, size);
	end_change(size);
}

void pmt_own_populate_wiped(void *at, size_t size)
{
	uint32_t i = pmt_load32_relaxed(&wiped_count);

	pmt_own_populate(at, size);
	while (i < WIPED_MAX && !pmt_cas32(&wiped_count, i, i + 1))
		i = pmt_load32_relaxed(&wiped_count);
	if (i < WIPED_MAX)
		wiped[i] = (struct region){at, size};
}

void *pmt_own_map(size_t size, enum pmt_own_kind kind)
{
	void *at = pmt_sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pmt_sys_is_error(at))
		return NULL;
	/* A huge page would be more than is counted. */
	pmt_sys_madvise(at, size, MADV_NOHUGEPAGE);
	if (kind == PMT_OWN_ABSENT)
		pmt_sys_madvise(at, size, MADV_DONTFORK);
	if (kind == PMT_OWN_WIPED) {
		pmt_sys_madvise(at, size, MADV_WIPEONFORK);
		pmt_own_populate_wiped(at, size);
	} else {
		pmt_own_populate(at, size);
	}
	return at;
}

void pmt_own_unmap(void *at, size_t size)
{
	begin_change();
	pmt_sys_munmap(at, size);
	end_change_pages(-pages_of(size));
}

void *pmt_own_map_shared(int fd, uint64_t from, size_t size)
{
	begin_change();
	void *at = pmt_sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_POPULATE, fd, (int64_t)from);
	if (pmt_sys_is_error(at))
		size = 0;
	else
		pmt_sys_madvise(at, size, MADV_DONTFORK);
	end_change(size);
	return size ? at : NULL;
}

/* Part of the library from begin on, whole pages. */
static void populate_part(uintptr_t begin, size_t size, int advice)
{
	uintptr_t page = (uintptr_t)getpagesize();
	uintptr_t at = begin & -page;

	if (begin + size > at)
		pmt_sys_madvise((void *)at, round_up(begin + size - at), advice);
}

/* What can be written begins behind the part that the loader made read-only. */
static void populate_data(uintptr_t begin, uintptr_t end, uintptr_t relro_end)
{
	uintptr_t page = (uintptr_t)getpagesize();

	relro_end &= -page;
	if (relro_end > begin)
		begin = relro_end;
	if (end > begin)
		populate_part(begin, end - begin, MADV_POPULATE_WRITE);
}

void pmt_own_populate_library(void)
{
	const ElfW(Ehdr) *header = (const void *)__ehdr_start;
	const ElfW(Phdr) *part = (const void *)(__ehdr_start + header->e_phoff);
	uintptr_t bias = 0, relro_end = 0;

	for (int i = 0; i < header->e_phnum; i++) {
		if (part[i].p_type == PT_LOAD && part[i].p_offset == 0)
			bias = (uintptr_t)__ehdr_start - part[i].p_vaddr;
		if (part[i].p_type == PT_GNU_RELRO)
			relro_end = part[i].p_vaddr + part[i].p_memsz;
	}
	for (int i = 0; i < header->e_phnum; i++) {
		uintptr_t begin = bias + part[i].p_vaddr;

		if (part[i].p_type != PT_LOAD)
			continue;
		if (part[i].p_flags & PF_W)
			populate_data(begin, begin + part[i].p_memsz, bias + relro_end);
		else
			populate_part(begin, part[i].p_memsz, MADV_POPULATE_READ);
	}
}

void pmt_own_after_fork(void)
{
	uint32_t count = pmt_load32_acquire(&wiped_count);

	pmt_store32_release(&changing, 0); /* of threads that are not here */
	pmt_store_release(&own_pages, 0);
	for (uint32_t i = 0; i < count && i < WIPED_MAX; i++)
		if (wiped[i].at)
			pmt_own_populate(wiped[i].at, wiped[i].size);
}
