/* Records of blocks; see blocks.h. */
#include "event/blocks.h"

#include <errno.h>
#include <string.h>

#include "event/emit.h"
#include "event/hook_way.h"
#include "format/block_coding.h"
#include "format/block_coding_put.h"
#include "interpose/glibc_heap.h"
#include "python/api.h"
#include "python/walk_check.h"
#include "rss/own_memory.h"
#include "run/run.h"
#include "stack/stack_ids.h"

/* Room for what follows the head when sums are written too. */
enum { WITH_SUMS_BYTES = PMT_RECORD_BYTES_MAX + 64, SUMS_EVERY = 16 };

uint32_t pmt_blocks_on;

/* Two threads may say it, at worst: the reader takes the first. */
uint32_t pmt_blocks_end_is_said;

void pmt_blocks_start(void)
{
	pmt_blocks_on = 1;
	pmt_blocks_end_is_said = 0;
	pmt_glibc_fast = 0;
}

/* --- beginning and ending a push --- */

bool pmt_blocks_prepare_self(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (!e->live && (e->refused_countdown > 0 || !pmt_emitter_open_self(t)))
		return false;
	return pmt_run_is_on() && pmt_emit_settle(e, &t->sums) &&
	       pmt_ring_make_room_sp(&e->ring, 0);
}

/* What a handler finds that comes within: nothing may be moved across either. */
PMT_INLINE void enter(struct pmt_emitter *e)
{
	e->busy = 1;
	e->in_malloc = 1;
	atomic_signal_fence(memory_order_seq_cst);
}

PMT_INLINE void leave(struct pmt_emitter *e)
{
	atomic_signal_fence(memory_order_seq_cst);
	e->busy = 0;
	e->in_malloc = 0;
}

/* Begins a push where nothing stands in the way; false: begin will know what does. */
PMT_INLINE bool try_enter(struct pmt_emitter *e)
{
	if (PMT_UNLIKELY(e->busy || pmt_load32_relaxed(&pmt_hook_way) & PMT_WAY_PAUSED))
		return false;
	enter(e);
	if (PMT_LIKELY(e->ring.head < e->ring.limit))
		return true;
	leave(e);
	return false;
}

/* False: nothing is to be written; it was counted where that is due. */
static bool begin(struct pmt_thread *t)
{
	struct pmt_emitter *e = &t->emitter;

	if (PMT_UNLIKELY(e->busy)) { /* a signal handler within a push */
		if (pmt_run_is_on())
			pmt_area_count_loss(&pmt_run->area, PMT_LOSS_REENTERED, 1);
		return false;
	}
	if (PMT_UNLIKELY(pmt_load32_relaxed(&pmt_hook_way) & PMT_WAY_PAUSED)) {
		enter(e); /* no thread may be started from here */
		if (e->live)
			pmt_emit_pause(e);
		leave(e);
		return false;
	}
	enter(e);
	if (PMT_LIKELY(e->ring.head < e->ring.limit) || pmt_blocks_prepare_self(t))
		return true;
	e->in_malloc = 0;
	pmt_emit_drop(t, PMT_OP_EXTENDED);
	return false;
}

PMT_INLINE void end(struct pmt_emitter *e)
{
	e->event_count++;
	leave(e);
}

/* --- the record --- */

void pmt_blocks_free_coding(struct pmt_block_coding *coding)
{
	if (coding)
		pmt_own_unmap(coding, sizeof(*coding));
}

/* Behind a checkpoint: the reader begins with nothing there. */
static PMT_NOINLINE void begin_coding(struct pmt_thread *t)
{
	t->emitter.coded_since = t->emitter.checkpoint_count;
	if (t->coding)
		memset(t->coding, 0, sizeof(*t->coding));
	else if (pmt_run->header.version > PMT_FORMAT_VERSION_CALLS)
		t->coding = pmt_own_map(sizeof(*t->coding), PMT_OWN_ABSENT);
}

/* Whether short records may go on with what was kept, if anything was. */
PMT_INLINE bool is_coding(const struct pmt_thread *t)
{
	return PMT_LIKELY(t->emitter.coded_since == t->emitter.checkpoint_count &&
			  t->coding);
}

/* What short records are made with; NULL: with nothing, they are long. */
PMT_INLINE struct pmt_block_coding *coding_of(struct pmt_thread *t)
{
	if (PMT_UNLIKELY(t->emitter.coded_since != t->emitter.checkpoint_count))
		begin_coding(t);
	return t->coding;
}

/* Of each 16th record, which has the time: of each 16th of them, and after each tick of
 * the coarse clock, sums ride on it too, and the resident set is looked at. */
static PMT_NOINLINE bool is_time_for_sums(struct pmt_emitter *e)
{
	e->clock_countdown = PMT_EMIT_CLOCK_EVERY;
	if (e->sums_countdown > 1 &&
	    e->coarse_seen == pmt_load_relaxed(&pmt_emit_coarse_clock)) {
		e->sums_countdown--;
		return false;
	}
	e->sums_countdown = SUMS_EVERY;
	return true;
}

/* Adds the time to a short record that ends at p. */
static PMT_NOINLINE uint8_t *put_time(struct pmt_emitter *e, uint8_t *p, uint8_t *head)
{
	uint64_t now = pmt_clock_ticks();

	if (now > e->last_tick) {
		*head |= PMT_FLAG_TIME;
		p = pmt_varint_put(p, now - e->last_tick);
		e->last_tick = now;
	}
	return p;
}

/* Time and sums of a long record. */
static uint8_t *put_changes(struct pmt_thread *t, uint8_t *p, uint8_t *head)
{
	struct pmt_emitter *e = &t->emitter;
	uint64_t coarse = pmt_load_relaxed(&pmt_emit_coarse_clock);

	if (e->coarse_seen != coarse && pmt_rss_moved(t))
		pmt_rss_read_self(t);
	e->coarse_seen = coarse;
	/* EXTENDED with all five flags would be filler: then the time waits. */
	if (t->sums.mapped_bytes == e->emitted.mapped_bytes &&
	    t->sums.file_mapped_bytes == e->emitted.file_mapped_bytes)
		p = put_time(e, p, head);
	return pmt_emit_sums(e, &t->sums, p, head);
}

PMT_INLINE bool is_time(struct pmt_emitter *e)
{
	return PMT_UNLIKELY(--e->clock_countdown == 0 ||
			    e->coarse_seen != pmt_load_relaxed(&pmt_emit_coarse_clock));
}

/* Head, type and changes of a long record; returns where the payload's size goes, or NULL
 * without room. */
static uint8_t *put_head(struct pmt_thread *t, enum pmt_ext type, bool with_changes,
			 uint8_t **ret_begin)
{
	struct pmt_emitter *e = &t->emitter;
	uint8_t head = PMT_OP_EXTENDED;
	uint8_t *at = with_changes ? pmt_ring_make_room_sp(&e->ring, WITH_SUMS_BYTES)
				   : pmt_ring_begin_sp(&e->ring);

	if (!at)
		return NULL;
	*ret_begin = at;
	uint8_t *p = with_changes ? put_changes(t, at + 2, &head) : at + 2;
	at[0] = head;
	at[1] = (uint8_t)type;
	return p;
}

static void drop(struct pmt_thread *t)
{
	t->emitter.in_malloc = 0;
	pmt_emit_drop(t, PMT_OP_EXTENDED);
}

static int64_t step_to(struct pmt_emitter *e, uint64_t address)
{
	int64_t step = (int64_t)(address - e->last_address);

	e->last_address = address;
	return step;
}

static PMT_NOINLINE bool write_long_alloc(struct pmt_thread *t,
					  struct pmt_block_alloc *alloc, uint64_t address,
					  bool with_changes)
{
	uint8_t *at, *size = put_head(t, PMT_EXT_ALLOC, with_changes, &at);

	if (!size)
		return false;
	alloc->address_step = step_to(&t->emitter, address);
	uint8_t *after = pmt_payload_put_alloc(size + 1, alloc);
	*size = (uint8_t)(after - size - 1);
	pmt_ring_commit_sp(&t->emitter.ring, at, after);
	if (t->coding)
		pmt_code_note_alloc(t->coding, alloc, address);
	return true;
}

/* False: there is no room. */
static bool write_alloc(struct pmt_thread *t, struct pmt_block_alloc *alloc,
			uint64_t address, bool with_time)
{
	struct pmt_emitter *e = &t->emitter;
	struct pmt_block_coding *coding = coding_of(t);
	bool with_sums = with_time && is_time_for_sums(e);

	if (PMT_UNLIKELY(
		with_sums || !coding ||
		!pmt_code_fits(address, alloc->requested_bytes, alloc->usable_bytes)))
		return write_long_alloc(t, alloc, address, with_time);
	uint8_t *at = pmt_ring_begin_sp(&e->ring);
	if (PMT_UNLIKELY(!at))
		return false;
	uint8_t *after = pmt_code_put_alloc(coding, at, alloc, address);
	if (PMT_UNLIKELY(with_time))
		after = put_time(e, after, at);
	e->last_address = address;
	pmt_ring_commit_sp(&e->ring, at, after);
	return true;
}

/* Writes it, whatever that takes, and ends the push. */
static PMT_NOINLINE bool finish_alloc(struct pmt_thread *t, struct pmt_block_alloc *alloc,
				      uint64_t address, bool with_time)
{
	int saved = errno;
	bool is_written = write_alloc(t, alloc, address, with_time);

	if (PMT_LIKELY(is_written))
		end(&t->emitter);
	else
		drop(t);
	errno = saved;
	return is_written;
}

static PMT_NOINLINE bool write_long_free(struct pmt_thread *t,
					 struct pmt_block_free *release, uint64_t address,
					 bool with_changes)
{
	uint8_t *at, *size = put_head(t, PMT_EXT_FREE, with_changes, &at);

	if (!size)
		return false;
	release->address_step = step_to(&t->emitter, address);
	uint8_t *after = pmt_payload_put_free(size + 1, release);
	*size = (uint8_t)(after - size - 1);
	pmt_ring_commit_sp(&t->emitter.ring, at, after);
	if (t->coding)
		pmt_code_note_free(t->coding, release, address);
	return true;
}

static bool write_free(struct pmt_thread *t, struct pmt_block_free *release,
		       uint64_t address, bool with_time)
{
	struct pmt_emitter *e = &t->emitter;
	struct pmt_block_coding *coding = coding_of(t);
	bool with_sums = with_time && is_time_for_sums(e);

	if (PMT_UNLIKELY(with_sums || !coding || release->bytes ||
			 !pmt_code_fits(address, 0, 0)))
		return write_long_free(t, release, address, with_time);
	uint8_t *at = pmt_ring_begin_sp(&e->ring);
	if (PMT_UNLIKELY(!at))
		return false;
	uint8_t *after = pmt_code_put_free(coding, at, release->kind, address);
	if (PMT_UNLIKELY(with_time))
		after = put_time(e, after, at);
	e->last_address = address;
	pmt_ring_commit_sp(&e->ring, at, after);
	return true;
}

static PMT_NOINLINE void finish_free(struct pmt_thread *t, struct pmt_block_free *release,
				     uint64_t address, bool with_time)
{
	int saved = errno;

	if (PMT_LIKELY(write_free(t, release, address, with_time)))
		end(&t->emitter);
	else
		drop(t);
	errno = saved;
}

/* --- the callers' side --- */

static PMT_NOINLINE bool allocated_slow(struct pmt_thread *t, const void *p,
					size_t requested_bytes, size_t usable_bytes,
					enum pmt_block_kind kind)
{
	struct pmt_emitter *e = &t->emitter;
	int saved = errno;
	bool is_written = false;

	if (e->ours) {
		pmt_walk_check_note(requested_bytes);
		return false;
	}
	if (begin(t)) {
		struct pmt_block_alloc alloc = {(uint8_t)kind, pmt_stack_id_self(t),
						requested_bytes, usable_bytes, 0};
		is_written = finish_alloc(t, &alloc, (uint64_t)(uintptr_t)p, is_time(e));
	}
	errno = saved;
	return is_written;
}

/* The common way is straight, with nothing on it that changes errno. */
bool pmt_blocks_write_allocated_self(struct pmt_thread *t, const void *p,
				     size_t requested_bytes, size_t usable_bytes,
				     enum pmt_block_kind kind)
{
	struct pmt_emitter *e = &t->emitter;
	uint64_t address = (uint64_t)(uintptr_t)p;

	if (PMT_UNLIKELY(e->ours))
		return allocated_slow(t, p, requested_bytes, usable_bytes, kind);
	if (!try_enter(e))
		return allocated_slow(t, p, requested_bytes, usable_bytes, kind);
	if (PMT_LIKELY(t->coding))
		pmt_code_expect(t->coding, address);
	/* First: it may have to write records of its own. */
	struct pmt_block_alloc alloc = {(uint8_t)kind, pmt_stack_id_self(t),
					requested_bytes, usable_bytes, 0};
	bool with_time = is_time(e);
	if (PMT_UNLIKELY(with_time || e->ring.head >= e->ring.limit) || !is_coding(t) ||
	    PMT_UNLIKELY(!pmt_code_fits(address, requested_bytes, usable_bytes))) {
		struct pmt_block_alloc copy = alloc; /* the other stays in registers */
		return finish_alloc(t, &copy, address, with_time);
	}
	uint8_t *at = pmt_ring_begin_sp(&e->ring);
	uint8_t *after = pmt_code_put_alloc_here(t->coding, at, &alloc, address);
	e->last_address = address;
	pmt_ring_commit_sp(&e->ring, at, after);
	end(e);
	return true;
}

/*
 * Marks where the interpreter begins to end: from there on it frees what the program
 * still holds, and nobody could tell a leak from what was kept. The question is asked at
 * each free: a load, up to 3.12 a call of 2 ns.
 */
PMT_NOINLINE void pmt_blocks_say_end(struct pmt_thread *t)
{
	uint8_t payload[PMT_VARINT_MAX_BYTES + sizeof(PMT_MARK_PYTHON_ENDS)];
	struct pmt_text text = {PMT_MARK_PYTHON_ENDS, sizeof(PMT_MARK_PYTHON_ENDS) - 1};
	const uint8_t *end = pmt_payload_put_text(payload, text);

	pmt_blocks_end_is_said = 1;
	if (pmt_emit_checkpoint(&t->emitter, &t->sums))
		pmt_emit_extended(&t->emitter, NULL, PMT_EXT_MARK, payload,
				  (size_t)(end - payload));
}

PMT_INLINE bool is_end_to_be_said(void)
{
	return !pmt_blocks_end_is_said && pmt_py_has_begun_to_end();
}

static PMT_NOINLINE void freed_slow(struct pmt_thread *t, const void *p, size_t bytes,
				    enum pmt_block_kind kind)
{
	int saved = errno;

	if (begin(t)) {
		if (is_end_to_be_said())
			pmt_blocks_say_end(t);
		struct pmt_block_free release = {(uint8_t)kind, 0, bytes};
		finish_free(t, &release, (uint64_t)(uintptr_t)p, is_time(&t->emitter));
	}
	errno = saved;
}

/* Straight where that can be, as above. */
void pmt_blocks_write_freed_self(struct pmt_thread *t, const void *p, size_t bytes,
				 enum pmt_block_kind kind)
{
	struct pmt_emitter *e = &t->emitter;
	uint64_t address = (uint64_t)(uintptr_t)p;

	if (PMT_UNLIKELY(e->ours))
		return;
	if (PMT_UNLIKELY(is_end_to_be_said()) || !try_enter(e)) {
		freed_slow(t, p, bytes, kind);
		return;
	}
	bool with_time = is_time(e);
	if (PMT_UNLIKELY(with_time || bytes) || !is_coding(t) ||
	    PMT_UNLIKELY(!pmt_code_fits(address, 0, 0))) {
		struct pmt_block_free release = {(uint8_t)kind, 0, bytes};
		finish_free(t, &release, address, with_time);
		return;
	}
	uint8_t *at = pmt_ring_begin_sp(&e->ring);
	uint8_t *after = pmt_code_put_free_here(t->coding, at, (uint8_t)kind, address);
	e->last_address = address;
	pmt_ring_commit_sp(&e->ring, at, after);
	end(e);
}
