/*
 * The calls that change the address space. Comes in: the calling thread. Goes out: the
 * real function's result, the mapping's size in the thread's sums (counters/mappings.h
 * has the rules), and a hint where resident pages may have gone or come without a page
 * fault. Cost beside a system call: nothing that shows.
 */
#include "config.h"

#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "counters/counters.h"
#include "counters/mappings.h"
#include "event/blocks.h"
#include "interpose/real.h"
#include "sample/sampling.h"
#include "thread.h"

/* mlockall(MCL_FUTURE): from now on every mapping is populated at once. Any thread sets
 * it; a late look misses one hint, the next reading has it. */
static uint32_t future_is_locked;

/* Around a call that may change the resident set; end takes what begin gave. */
static struct pmt_thread *begin_hint(size_t size)
{
	struct pmt_thread *t = pmt_thread_self();

	if (t)
		pmt_counters_rss_hint_begin_self(t, size);
	return t;
}

static void end_hint(struct pmt_thread *t)
{
	if (t)
		pmt_counters_rss_hint_end_self(t);
}

/* --- mappings as blocks: mode=allocs --- */

static size_t whole_pages(size_t size)
{
	size_t page = (size_t)getpagesize();

	return (size + page - 1) & -page;
}

static enum pmt_block_kind kind_of(int prot, int flags)
{
	if (!(flags & MAP_ANONYMOUS))
		return PMT_BLOCK_FILE;
	if (flags & MAP_SHARED)
		return PMT_BLOCK_SHARED;
	return prot == PROT_NONE ? PMT_BLOCK_RESERVED : PMT_BLOCK_MMAP;
}

static void note_mapped(struct pmt_thread *t, const void *at, size_t size,
			enum pmt_block_kind kind)
{
	if (!pmt_blocks_on) {
		if (pmt_sampling_mean)
			pmt_sampling_mapped_self(t, at, size, whole_pages(size), kind);
		return;
	}
	/* What Python's allocator maps to make objects in. */
	if (kind == PMT_BLOCK_MMAP && t->domain_call.is_on)
		kind = PMT_BLOCK_ARENA;
	pmt_blocks_allocated_self(t, at, size, whole_pages(size), kind);
}

/* Before the real munmap, as a free: behind it another thread may have the range. Where a
 * new mapping comes in the same call, behind it: such a call may well fail, and then
 * nothing happened. What the kernel refuses for its arguments is left out. True:
 * recorded. */
static bool note_unmapped(struct pmt_thread *t, const void *at, size_t size)
{
	if (!size || (uintptr_t)at & ((size_t)getpagesize() - 1))
		return false;
	if (pmt_blocks_on)
		pmt_blocks_freed_self(t, at, whole_pages(size), PMT_BLOCK_MMAP);
	else
		return pmt_sampling_mean &&
		       pmt_sampling_unmapped_self(t, at, whole_pages(size));
	return true;
}

/* munmap failed, as good as never: what was there is there still. */
static void note_kept(struct pmt_thread *t, const struct pmt_unmapping *kept)
{
	enum pmt_block_kind kind = kept->file_bytes ? PMT_BLOCK_FILE : PMT_BLOCK_MMAP;

	if (pmt_blocks_on)
		note_mapped(t, kept->at, kept->size, kind);
	else
		pmt_sampling_keep_mapped_self(t, kept->at, kept->size, kind);
}

/* --- mmap --- */

typedef void *mmap_fn(void *, size_t, int, int, int, off_t);

/* MAP_FIXED with its own flag unset replaces what was there. */
static bool replaces(int flags)
{
#ifdef MAP_FIXED_NOREPLACE
	if ((flags & MAP_FIXED_NOREPLACE) == MAP_FIXED_NOREPLACE)
		return false;
#endif
	return flags & MAP_FIXED;
}

static void *map_counted(struct pmt_thread *t, mmap_fn *real, void *at, size_t size,
			 int prot, int flags, int fd, off_t off)
{
	struct pmt_unmapping replaced = {.size = 0};
	void *mapped;

	bool hints =
	    replaces(flags) || flags & (MAP_POPULATE | MAP_LOCKED) || future_is_locked;

	if (replaces(flags))
		replaced = pmt_mappings_take(at, size);
	if (hints)
		pmt_counters_rss_hint_begin_self(t, size);
	mapped = real(at, size, prot, flags, fd, off);
	if (hints)
		pmt_counters_rss_hint_end_self(t);
	if (mapped == MAP_FAILED) {
		pmt_mappings_put_back(&replaced);
		return mapped;
	}
	if (replaces(flags))
		note_unmapped(t, at, size);
	pmt_mappings_count_unmapped_self(t, &replaced);
	pmt_mappings_count_mapped_self(t, mapped, size, !(flags & MAP_ANONYMOUS));
	note_mapped(t, mapped, size, kind_of(prot, flags));
	return mapped;
}

PMT_EXPORT void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t off)
{
	const struct pmt_real *real = pmt_real_bound();
	struct pmt_thread *t = pmt_thread_self();

	if (!t || pmt_real_is_allocator(__builtin_return_address(0)))
		return real->mmap(at, size, prot, flags, fd, off);
	return map_counted(t, real->mmap, at, size, prot, flags, fd, off);
}

PMT_EXPORT void *mmap64(void *at, size_t size, int prot, int flags, int fd, off_t off)
{
	const struct pmt_real *real = pmt_real_bound();
	struct pmt_thread *t = pmt_thread_self();

	if (!t || pmt_real_is_allocator(__builtin_return_address(0)))
		return real->mmap64(at, size, prot, flags, fd, off);
	return map_counted(t, real->mmap64, at, size, prot, flags, fd, off);
}

PMT_EXPORT int munmap(void *at, size_t size)
{
	const struct pmt_real *real = pmt_real_bound();
	struct pmt_thread *t = pmt_thread_self();
	struct pmt_unmapping gone;
	bool is_recorded = false;
	int err;

	if (!t)
		return real->munmap(at, size);
	bool counts = !pmt_real_is_allocator(__builtin_return_address(0));
	if (counts) {
		gone = pmt_mappings_take(at, size);
		is_recorded = note_unmapped(t, at, size);
	}
	pmt_counters_rss_hint_begin_self(t, size);
	err = real->munmap(at, size);
	pmt_counters_rss_hint_end_self(t);
	if (!counts)
		return err;
	if (err) {
		pmt_mappings_put_back(&gone);
		if (is_recorded)
			note_kept(t, &gone);
	} else {
		pmt_mappings_count_unmapped_self(t, &gone);
	}
	return err;
}

static void *remap_counted(struct pmt_thread *t, void *at, size_t old_size, size_t size,
			   int flags, void *new_at)
{
	bool is_file = pmt_mappings_is_file(at);
	struct pmt_unmapping replaced = {.size = 0}, gone = {.size = 0};
	void *mapped;

	/* Size 0 maps shared memory a second time, and DONTUNMAP leaves the old range. */
#ifdef MREMAP_DONTUNMAP
	if (old_size && !(flags & MREMAP_DONTUNMAP))
#else
	if (old_size)
#endif
		gone = pmt_mappings_take(at, old_size);
	if (flags & MREMAP_FIXED)
		replaced = pmt_mappings_take(new_at, size);
	pmt_counters_rss_hint_begin_self(t, old_size);
	mapped = pmt_real.mremap(at, old_size, size, flags, new_at);
	pmt_counters_rss_hint_end_self(t);
	if (mapped == MAP_FAILED) {
		pmt_mappings_put_back(&gone);
		pmt_mappings_put_back(&replaced);
		return mapped;
	}
	note_unmapped(t, gone.at, gone.size);
	note_unmapped(t, replaced.at, replaced.size);
	pmt_mappings_count_unmapped_self(t, &gone);
	pmt_mappings_count_unmapped_self(t, &replaced);
	pmt_mappings_count_mapped_self(t, mapped, size, is_file);
	note_mapped(t, mapped, size, is_file ? PMT_BLOCK_FILE : PMT_BLOCK_MMAP);
	return mapped;
}

PMT_EXPORT void *mremap(void *at, size_t old_size, size_t size, int flags, ...)
{
	const struct pmt_real *real = pmt_real_bound();
	struct pmt_thread *t = pmt_thread_self();
	void *new_at = NULL;

	if (flags & ~MREMAP_MAYMOVE) { /* only then is there a fifth argument */
		va_list args;

		va_start(args, flags);
		new_at = va_arg(args, void *);
		va_end(args);
	}
	if (!t)
		return real->mremap(at, old_size, size, flags, new_at);
	if (pmt_real_is_allocator(__builtin_return_address(0))) {
		pmt_counters_rss_hint_begin_self(t, old_size);
		new_at = real->mremap(at, old_size, size, flags, new_at);
		pmt_counters_rss_hint_end_self(t);
		return new_at;
	}
	return remap_counted(t, at, old_size, size, flags, new_at);
}

/* --- the heap's end: the program's own use; malloc's stays inside libc --- */

PMT_EXPORT void *sbrk(intptr_t increment)
{
	struct pmt_thread *t = pmt_thread_self();
	void *before = pmt_real_bound()->sbrk(increment);

	/* No hint: the end itself is looked at. */
	if (t && before != (void *)-1 &&
	    !pmt_real_is_allocator(__builtin_return_address(0)))
		t->sums.mapped_bytes += increment;
	return before;
}

PMT_EXPORT int brk(void *end)
{
	const struct pmt_real *real = pmt_real_bound();
	struct pmt_thread *t = pmt_thread_self();
	char *before = t ? real->sbrk(0) : NULL;
	int err = real->brk(end);

	if (t && !err && before != (char *)-1)
		t->sums.mapped_bytes += (char *)end - before;
	return err;
}

/* --- resident pages come and go --- */

PMT_EXPORT int madvise(void *at, size_t size, int advice)
{
	struct pmt_thread *t = begin_hint(size);
	int result = pmt_real_bound()->madvise(at, size, advice);

	end_hint(t);
	return result;
}

PMT_EXPORT int mlock(const void *at, size_t size)
{
	struct pmt_thread *t = begin_hint(size);
	int result = pmt_real_bound()->mlock(at, size);

	end_hint(t);
	return result;
}

PMT_EXPORT int mlock2(const void *at, size_t size, unsigned flags)
{
	struct pmt_thread *t = begin_hint(size);
	int result = pmt_real_bound()->mlock2(at, size, flags);

	end_hint(t);
	return result;
}

PMT_EXPORT int mlockall(int flags)
{
	struct pmt_thread *t = begin_hint(0);

	if (flags & MCL_FUTURE)
		future_is_locked = 1;
	int result = pmt_real_bound()->mlockall(flags);

	end_hint(t);
	return result;
}

PMT_EXPORT void *shmat(int id, const void *at, int flags)
{
	struct pmt_thread *t = begin_hint(0);
	void *result = pmt_real_bound()->shmat(id, at, flags);

	end_hint(t);
	return result;
}

PMT_EXPORT int shmdt(const void *at)
{
	struct pmt_thread *t = begin_hint(0);
	int result = pmt_real_bound()->shmdt(at);

	end_hint(t);
	return result;
}
