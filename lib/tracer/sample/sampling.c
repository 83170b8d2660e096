/*
 * Blocks that are drawn; see sampling.h. Each goes into the filter and the table before
 * anybody but the allocating thread can know its address, and out of them before it is
 * given back: for one address there is never more than one thread here.
 */
#include "sample/sampling.h"

#include <sys/auxv.h>

#include "counters/ranges.h"
#include "event/blocks.h"
#include "interpose/glibc_heap.h"
#include "live/block_map.h"
#include "os/clock.h"
#include "python/walk_check.h"
#include "run/run.h"
#include "sample/draw.h"

/* A thread that came before sampling began looks for it when it has allocated so much. */
enum { LOOK_AGAIN_BYTES = 1 << 26 };

enum { FILTER_FULL = UINT8_MAX };

uint8_t pmt_sampling_filter[PMT_SAMPLING_FILTER];
uint32_t pmt_sampling_mask;
uint64_t pmt_sampling_mean;

static struct pmt_block_map blocks;

static struct pmt_range_slot mapping_slots[PMT_SAMPLING_MAPPINGS];
static struct pmt_ranges mappings = {.slots = mapping_slots,
				     .slot_count = PMT_SAMPLING_MAPPINGS};

void pmt_sampling_start(uint64_t mean_bytes, uint64_t table_bytes)
{
	struct pmt_thread *t;

	blocks.most_bytes = table_bytes;
	pmt_sampling_mean = mean_bytes;
	pmt_sampling_mask = PMT_SAMPLING_FILTER - 1;
	/* Relaxed: a thread that is just putting off its look has put it off. */
	for (uint32_t i = 0; (t = pmt_thread_at(i)) != NULL; i++)
		__atomic_store_n(&t->sample_at, 0, __ATOMIC_RELAXED);
	pmt_glibc_fast = pmt_heap_is_glibc;
}

void pmt_sampling_after_fork(void)
{
	if (pmt_sampling_mean)
		pmt_block_map_after_fork(&blocks);
}

/* --- the draw --- */

static uint64_t draw_gap(struct pmt_thread *t)
{
	/* The kernel's 16 random bytes are the process's, the rest is the thread's: a
	 * forked child must not draw what its parent does. */
	if (!t->sample_state) {
		const uint64_t *random =
		    (const uint64_t *)(uintptr_t)getauxval(AT_RANDOM); /* NOLINT */
		uint64_t entropy =
		    pmt_clock_ticks() ^ (uint64_t)pmt_load32_relaxed(&t->os_tid) << 40;

		t->sample_state = pmt_draw_seed(entropy ^ (random ? *random : 0));
	}
	return pmt_draw_gap(&t->sample_state, pmt_sampling_mean);
}

/* Where the thread's count of bytes stands when the next one is drawn. from: where it
 * stood before what is allocated now. False: nothing is drawn yet. */
static bool know_next(struct pmt_thread *t, uint64_t from)
{
	if (PMT_UNLIKELY(!pmt_sampling_mean)) {
		t->sample_at = t->sums.allocated_bytes + LOOK_AGAIN_BYTES;
		return false;
	}
	/* Exponential gaps have no memory: it may begin anew at any time. */
	if (t->sample_at == 0)
		t->sample_at = from + draw_gap(t);
	return true;
}

/* usable_bytes are in the sums already. */
static bool draw_block(struct pmt_thread *t, uint64_t usable_bytes)
{
	uint64_t now = t->sums.allocated_bytes;

	/* It may have been passed unseen, by a block that was given far more than was
	 * asked for (of huge pages): then it is none of ours. */
	if (t->sample_at <= now - usable_bytes)
		t->sample_at = 0;
	if (!know_next(t, now - usable_bytes) || now < t->sample_at)
		return false;
	t->sample_at = now + draw_gap(t);
	return true;
}

/* Bytes of mappings are not in the count that the next one is known by. */
static bool draw_mapping(struct pmt_thread *t, uint64_t map_bytes)
{
	uint64_t now = t->sums.allocated_bytes;

	if (!know_next(t, now))
		return false;
	if (t->sample_at - now > map_bytes) {
		t->sample_at -= map_bytes;
		return false;
	}
	t->sample_at = now + draw_gap(t);
	return true;
}

/* --- the filter --- */

static void change_filter(const void *p, int step)
{
	uint8_t *place = &pmt_sampling_filter[pmt_sampling_place(p)];
	uint8_t old = __atomic_load_n(place, __ATOMIC_RELAXED), changed;

	do {
		if (old == FILTER_FULL) /* how many there are nobody knows any more */
			return;
		changed = (uint8_t)(old + step);
	} while (!__atomic_compare_exchange_n(place, &old, changed, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/* --- blocks --- */

static void lose(enum pmt_loss cause)
{
	if (pmt_run_is_on())
		pmt_area_count_loss(&pmt_run->area, cause, 1);
}

/* The table's shards have locks: a signal handler must not come there. False: there is no
 * room, which is counted. */
static bool put(struct pmt_thread *t, const void *p)
{
	enum pmt_block_put result;
	uint64_t old;

	t->emitter.busy = 1;
	result = pmt_block_map_put(&blocks, (uintptr_t)p, 1, &old);
	t->emitter.busy = 0;
	/* Replaced: its free was not seen, and is in the filter still. */
	if (result == PMT_PUT_NEW)
		change_filter(p, 1);
	else if (result != PMT_PUT_REPLACED)
		lose(result == PMT_PUT_FULL ? PMT_LOSS_BLOCKS_FULL : PMT_LOSS_BLOCK_BUSY);
	return result == PMT_PUT_NEW || result == PMT_PUT_REPLACED;
}

static bool take(struct pmt_thread *t, const void *p)
{
	enum pmt_block_take result;
	uint64_t value;

	t->emitter.busy = 1;
	result = pmt_block_map_take(&blocks, (uintptr_t)p, &value);
	t->emitter.busy = 0;
	if (result == PMT_TAKE_FOUND)
		change_filter(p, -1);
	else if (result == PMT_TAKE_BUSY)
		lose(PMT_LOSS_BLOCK_BUSY);
	return result == PMT_TAKE_FOUND;
}

/* A sample tells the time, and how many allocations its thread has come to. */
static void tell_sums(struct pmt_thread *t)
{
	t->emitter.clock_countdown = t->emitter.sums_countdown = 1;
}

static void record(struct pmt_thread *t, const void *p, size_t requested_bytes,
		   size_t usable_bytes, enum pmt_block_kind kind)
{
	tell_sums(t);
	if (put(t, p) &&
	    !pmt_blocks_allocated_self(t, p, requested_bytes, usable_bytes, kind))
		take(t, p);
}

/* In a handler that interrupted us: nothing of ours may be touched. */
static bool is_interrupted(const struct pmt_thread *t)
{
	if (PMT_LIKELY(!t->emitter.busy))
		return false;
	lose(PMT_LOSS_REENTERED);
	return true;
}

void pmt_sampling_reached_self(struct pmt_thread *t, void *p, size_t requested_bytes,
			       size_t usable_bytes, enum pmt_block_kind kind)
{
	if (draw_block(t, usable_bytes) && !t->emitter.ours && !is_interrupted(t))
		record(t, p, requested_bytes, usable_bytes, kind);
}

bool pmt_sampling_take_self(struct pmt_thread *t, const void *p, enum pmt_block_kind kind)
{
	if (t->emitter.ours || is_interrupted(t) || !take(t, p))
		return false;
	tell_sums(t);
	pmt_blocks_freed_self(t, p, 0, kind);
	return true;
}

void pmt_sampling_keep_self(struct pmt_thread *t, void *p, size_t usable_bytes,
			    enum pmt_block_kind kind)
{
	if (!is_interrupted(t))
		record(t, p, usable_bytes, usable_bytes, kind);
}

/* --- mappings --- */

static void record_mapping(struct pmt_thread *t, const void *at, size_t requested_bytes,
			   size_t map_bytes, enum pmt_block_kind kind)
{
	uint64_t begin = (uintptr_t)at;

	tell_sums(t);
	if (!pmt_ranges_put(&mappings, begin, begin + map_bytes))
		lose(PMT_LOSS_BLOCKS_FULL);
	else if (!pmt_blocks_allocated_self(t, at, requested_bytes, map_bytes, kind))
		pmt_ranges_take(&mappings, begin, begin + map_bytes);
}

void pmt_sampling_mapped_self(struct pmt_thread *t, const void *at,
			      size_t requested_bytes, size_t map_bytes,
			      enum pmt_block_kind kind)
{
	if (draw_mapping(t, map_bytes) && !t->emitter.ours && !is_interrupted(t))
		record_mapping(t, at, requested_bytes, map_bytes, kind);
}

bool pmt_sampling_unmapped_self(struct pmt_thread *t, const void *at, size_t map_bytes)
{
	uint64_t begin = (uintptr_t)at;

	if (!pmt_ranges_take(&mappings, begin, begin + map_bytes))
		return false;
	tell_sums(t);
	pmt_blocks_freed_self(t, at, map_bytes, PMT_BLOCK_MMAP);
	return true;
}

void pmt_sampling_keep_mapped_self(struct pmt_thread *t, const void *at, size_t map_bytes,
				   enum pmt_block_kind kind)
{
	record_mapping(t, at, map_bytes, map_bytes, kind);
}
