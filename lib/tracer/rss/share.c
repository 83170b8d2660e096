/*
 * Sharing out; see share.h. One small lock, which readers of the resident set only try
 * for: a reading that does not get it keeps the change, as with one thread. Nothing here
 * is on the path of an event that does not read.
 */
#include "rss/share.h"

#include <stddef.h>
#include <unistd.h>

#include "base/atomics.h"
#include "os/sys.h"
#include "thread.h"

enum {
	FAULT_BYTES = 8, /* perf's record of one: a header */
	LOCK_TRIES = 1000,
};

static _Atomic uint32_t lock;

static bool try_lock(void)
{
	return pmt_cas32(&lock, 0, 1);
}

static void unlock(void)
{
	pmt_store32_release(&lock, 0);
}

/* Entry i, if it takes part. The rest of it is only then to be looked at. */
static struct pmt_rss *member(uint32_t i, struct pmt_thread **ret_thread)
{
	struct pmt_thread *t = pmt_thread_at(i);

	*ret_thread = t;
	return t && pmt_load32_acquire(&t->rss.takes_part) ? &t->rss : NULL;
}

static int64_t take_given(struct pmt_rss *r)
{
	return (int64_t)pmt_exchange(&r->given_pages, 0);
}

void pmt_share_join_self(struct pmt_thread *t)
{
	struct pmt_rss *r = &t->rss;

	r->fault_counted = r->fault_word ? *r->fault_word : 0;
	r->hints_counted = t->rss_hints;
	r->hint_bytes_counted = t->rss_hint_bytes;
	pmt_store32_release(&r->takes_part, 1);
}

bool pmt_share_leave(struct pmt_thread *t)
{
	if (!pmt_load32_acquire(&t->rss.takes_part)) /* never, or not any more */
		return true;
	for (int i = 0; !try_lock(); i++) {
		if (i == LOCK_TRIES)
			return false;
		pmt_sys_sched_yield();
	}
	pmt_store32_release(&t->rss.takes_part, 0);
	t->sums.rss_pages += take_given(&t->rss);
	unlock();
	return true;
}

/* Whether this thread hinted since anybody last looked, or is just in a call that
 * changes the resident set, and how many pages that may be. */
static void look_at_hints(const struct pmt_thread *t, struct pmt_rss *r,
			  struct pmt_share *share)
{
	uint64_t hints = __atomic_load_n(&t->rss_hints, __ATOMIC_RELAXED);
	uint64_t bytes = __atomic_load_n(&t->rss_hint_bytes, __ATOMIC_RELAXED);
	uint64_t page_bytes = (uint64_t)getpagesize();

	/* What was not over at the last look still is to come. */
	if (r->hint_state != PMT_SHARE_BUSY)
		r->hint_pages = 0;
	r->hint_pages += (bytes - r->hint_bytes_counted + page_bytes - 1) / page_bytes;
	if (hints & 1)
		r->hint_state = PMT_SHARE_BUSY;
	else
		r->hint_state =
		    hints != r->hints_counted ? PMT_SHARE_DONE : PMT_SHARE_QUIET;
	r->hints_counted = hints;
	r->hint_bytes_counted = bytes;
	if (r->hint_state == PMT_SHARE_DONE)
		share->done_pages += r->hint_pages + 1;
	if (r->hint_state == PMT_SHARE_BUSY)
		share->busy_pages += r->hint_pages + 1;
}

/* What this thread did since anybody last looked. perf's head runs backwards. */
static void look_at(const struct pmt_thread *t, struct pmt_rss *r,
		    struct pmt_share *share)
{
	look_at_hints(t, r, share);
	r->fresh_faults = 0;
	if (r->fault_word) {
		uint64_t word = *r->fault_word;
		r->fresh_faults = (r->fault_counted - word) / FAULT_BYTES;
		r->fault_counted = word;
	} else {
		share->is_blind = true;
	}
	share->faults += r->fresh_faults;
}

void pmt_share_begin_self(struct pmt_thread *self, struct pmt_share *share)
{
	struct pmt_thread *t;
	struct pmt_rss *r;

	*share = (struct pmt_share){0};
	/* Entry 0 is nobody's: with one thread there is no entry 2. */
	if (!pmt_thread_at(2) || pmt_thread_at(PMT_SHARE_THREADS_MAX + 1) ||
	    !self->rss.takes_part || !try_lock())
		return;
	share->is_locked = true;
	for (uint32_t i = 1; (r = member(i, &t)) || t; i++)
		if (r)
			look_at(t, r, share);
}

/* value * part / whole, rounded; the product may be more than 64 bits have. */
static int64_t scale(int64_t value, uint64_t part, uint64_t whole)
{
	double exact = (double)value * ((double)part / (double)whole);

	return (int64_t)(exact + (exact < 0 ? -0.5 : 0.5));
}

/* Of rest, which faults do not explain: calls that are over have given back what they
 * could, those under way what is left. */
static int64_t part_by_hints(const struct pmt_rss *r, const struct pmt_share *share,
			     int64_t rest)
{
	uint64_t gone = rest < 0 ? (uint64_t)-rest : 0;
	uint64_t all = share->done_pages + share->busy_pages;

	if (r->hint_state == PMT_SHARE_QUIET)
		return 0;
	if (!gone || !share->done_pages || !share->busy_pages)
		return scale(rest, r->hint_pages + 1, all);
	if (r->hint_state == PMT_SHARE_BUSY)
		return gone <= share->done_pages
			   ? 0
			   : -scale((int64_t)(gone - share->done_pages),
				    r->hint_pages + 1, share->busy_pages);
	return gone <= share->done_pages
		   ? scale(rest, r->hint_pages + 1, share->done_pages)
		   : -(int64_t)(r->hint_pages + 1);
}

/* By its faults, if they are all known and only they can have made the change; else each
 * fault is a page and the hinters have the rest. */
static int64_t part_of(struct pmt_rss *r, const struct pmt_share *share, int64_t change)
{
	int64_t rest = change - (int64_t)share->faults;
	bool is_hinted = share->done_pages + share->busy_pages != 0;

	if (share->faults && change >= 0 && !is_hinted && (rest <= 0 || !share->is_blind))
		return scale(change, r->fresh_faults, share->faults);
	int64_t by_hints =
	    rest < 0 || !share->is_blind ? part_by_hints(r, share, rest) : 0;
	if (by_hints < 0) /* a call under way: so much less is to come */
		r->hint_pages -= r->hint_pages < (uint64_t)-by_hints
				     ? r->hint_pages
				     : (uint64_t)-by_hints;
	return (int64_t)r->fresh_faults + by_hints;
}

int64_t pmt_share_end_self(struct pmt_thread *self, const struct pmt_share *share,
			   int64_t change)
{
	int64_t left = change;
	struct pmt_thread *t;
	struct pmt_rss *r;

	if (share->is_locked) {
		for (uint32_t i = 1; change && ((r = member(i, &t)) || t); i++) {
			if (!r)
				continue;
			int64_t part = part_of(r, share, change);
			if (t == self) /* has what is left, in the end */
				continue;
			left -= part;
			pmt_add_relaxed(&r->given_pages, (uint64_t)part);
		}
		unlock();
	}
	return left + take_given(&self->rss);
}

int64_t pmt_share_take_all(void)
{
	int64_t pages = 0;
	struct pmt_thread *t;
	struct pmt_rss *r;

	for (uint32_t i = 1; (r = member(i, &t)) || t; i++)
		if (r)
			pages += take_given(r);
	return pages;
}

void pmt_share_after_fork(void)
{
	pmt_store32_release(&lock, 0); /* of a thread that is not here */
}
