/*
 * Checks and reads of glibc's heap structures; see glibc_heap.h.
 *
 * glibc trims the heaps of its other arenas inside free, by system calls of its own: 7700
 * pages were seen to go without a call that could be interposed. But it keeps account:
 * struct malloc_state.system_mem falls with every trim. The state lies in the arena's
 * first heap, which is never unmapped, so the word can be read at any time without the
 * arena's lock.
 */
#include "interpose/glibc_heap.h"

#include <errno.h>

#include "base/atomics.h"
#include "os/sys.h"

/* struct malloc_state ends before this in all versions (2200 bytes in 2.36). */
enum { ARENA_BYTES_MAX = 2304 };

/* Values of pmt_arena_word_off that are no offset. */
enum { OFF_UNKNOWN = 0, OFF_NONE = 1 };

/* Looks at a heap that another thread is just growing; give up after so many. */
enum { LOOKS_MAX = 64 };

uint32_t pmt_heap_is_glibc;
uint32_t pmt_glibc_fast;

uint32_t pmt_arena_word_off;
static _Atomic uint32_t look_count; /* any thread adds */

bool pmt_glibc_heap_check(void *const *blocks, size_t count,
			  pmt_usable_size_fn *usable_size)
{
	for (size_t i = 0; i < count; i++) {
		size_t word = pmt_chunk_word(blocks[i]);

		if (word & PMT_CHUNK_MMAPPED ||
		    pmt_chunk_usable(word) != usable_size(blocks[i]))
			return false;
	}
	pmt_heap_is_glibc = 1;
	pmt_glibc_fast = 1;
	return true;
}

/* Whether a word can be read: the kernel copies the mask in before it finds that -1 is
 * nothing to do with one. */
static bool is_readable(const void *word)
{
	return pmt_syscall6(SYS_rt_sigprocmask, -1, (long)word, 0, 8, 0, 0) == -EINVAL;
}

/*
 * Where in an arena's state the size of its only heap stands, followed by the largest
 * size it had: OFF_NONE unless there is exactly one such place. The words may change
 * while we look; then another look will do.
 */
static uint32_t find_system_mem(const volatile size_t *words, size_t size)
{
	uint32_t found = OFF_NONE;

	for (uint32_t i = 2; i + 1 < ARENA_BYTES_MAX / sizeof(*words); i++) {
		if (words[i] != size || words[i - 1] == size || words[i + 1] < size ||
		    words[i + 1] > PMT_HEAP_BYTES_MAX)
			continue;
		if (found != OFF_NONE)
			return OFF_NONE;
		found = i * (uint32_t)sizeof(*words);
	}
	return found;
}

/* Learns the layout from an arena's first heap: its state lies right behind the head. */
static void look_at(const struct pmt_heap_head *heap, const void *block)
{
	uint32_t off = OFF_NONE;

	if (!is_readable(heap)) {
		pmt_arena_distrust();
		return;
	}
	if (heap->prev) /* a later heap: another block will be in a first one */
		return;
	if (heap->size > ARENA_BYTES_MAX + 256 && heap->size <= PMT_HEAP_BYTES_MAX &&
	    (uintptr_t)block - (uintptr_t)heap < heap->size &&
	    (uintptr_t)heap->arena - (uintptr_t)heap < 256)
		off = find_system_mem(heap->arena, heap->size);
	if (off != OFF_NONE)
		__atomic_store_n(&pmt_arena_word_off, off, __ATOMIC_RELAXED);
	else if (pmt_add32_relaxed(&look_count, 1) >= LOOKS_MAX)
		pmt_arena_distrust();
}

const volatile size_t *pmt_arena_find_held_bytes(const void *p)
{
	const struct pmt_heap_head *heap =
	    (const struct pmt_heap_head *)((uintptr_t)p & -(uintptr_t)PMT_HEAP_BYTES_MAX);
	uint32_t off = __atomic_load_n(&pmt_arena_word_off, __ATOMIC_RELAXED);

	if (off == OFF_UNKNOWN) {
		look_at(heap, p);
		off = __atomic_load_n(&pmt_arena_word_off, __ATOMIC_RELAXED);
	}
	if (off <= OFF_NONE)
		return NULL;
	return (const volatile size_t *)((const char *)heap->arena + off);
}

void pmt_arena_distrust(void)
{
	__atomic_store_n(&pmt_arena_word_off, OFF_NONE, __ATOMIC_RELAXED);
}
