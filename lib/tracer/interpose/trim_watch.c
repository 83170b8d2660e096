/* By the arena's own account, where glibc keeps one; see trim_watch.h. */
#include "interpose/trim_watch.h"

#include "counters/counters.h"
#include "interpose/glibc_heap.h"
#include "interpose/real.h"
#include "thread.h"

/* From here on glibc may mmap a block by itself, unless it was told otherwise. */
enum { LARGE_BYTES = 128 << 10 };

struct pmt_trim_watch pmt_trim_watch_begin(struct pmt_thread *t, const void *p)
{
	struct pmt_trim_watch watch = {.held_bytes = NULL};
	size_t word;

	/* Other allocators call madvise and munmap by name. But behind a library that
	 * only wraps malloc it may be glibc's, which does not, and mmaps large blocks. */
	if (!pmt_heap_is_glibc) {
		word = pmt_real.malloc_usable_size((void *)p);
		watch.surely = word >= LARGE_BYTES;
		if (watch.surely)
			pmt_counters_rss_hint_begin_self(t, word);
		return watch;
	}
	word = pmt_chunk_word(p);
	if (word & PMT_CHUNK_MMAPPED) {
		watch.surely = true;
	} else if (word & PMT_CHUNK_OTHER_ARENA) {
		watch.held_bytes = pmt_arena_held_bytes(p);
		watch.surely = !watch.held_bytes;
		if (watch.held_bytes)
			watch.before = *watch.held_bytes;
	}
	if (watch.surely)
		pmt_counters_rss_hint_begin_self(t, pmt_chunk_usable(word));
	return watch;
}

void pmt_trim_watch_end(struct pmt_thread *t, const struct pmt_trim_watch *watch)
{
	if (watch->surely)
		pmt_counters_rss_hint_end_self(t);
	else if (watch->held_bytes && *watch->held_bytes != watch->before)
		pmt_counters_rss_hint_self(t);
}
