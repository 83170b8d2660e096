/*
 * The process's account of its resident set. Comes in: a thread whose trigger moved.
 * Goes out: the change since anybody's last reading, added to that thread's sums, so that
 * the changes of all threads add up to the whole change whatever their order.
 */
#include "rss/rss.h"

#include <errno.h>
#include <stddef.h>

#include "base/atomics.h"
#include "os/clock.h"
#include "os/seccomp.h"
#include "os/sys.h"
#include "rss/fault_word.h"
#include "rss/own_memory.h"
#include "rss/rss_poll.h"
#include "rss/share.h"
#include "rss/statm.h"
#include "thread.h"

enum {
	CLOCK_PERIOD_US = 100,
	LOOKS_MAX = 100, /* while another thread of the tracer maps without a pause */
};

/* glibc's end of the heap, exported for its own sake; other libcs have none. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*): glibc's own name */
extern void *__curbrk __attribute__((weak));

static const void *const never_moves;
const void *const volatile *pmt_rss_brk_word = &never_moves;

/* Of the program, without the tracer's own. Any thread exchanges it for what it has just
 * read. */
static _Atomic uint64_t last_pages;
/* The best method still worth a try. Any thread lowers it; a late look costs a try. */
static _Atomic uint32_t best_method;
/* CLOCK_PERIOD_US in ticks, 0 until somebody needs it; racing threads find the same. */
static _Atomic uint64_t clock_period_ticks;
/* rss=each: any thread adds. */
static bool is_checking;
static _Atomic uint64_t check_read_count, check_missed_count, check_missed_pages_max;

/* The resident set without our own memory; 0 when it cannot be read. */
static uint64_t program_pages(void)
{
	uint64_t pages = 0, own = 0;

	for (int i = 0; i < LOOKS_MAX; i++) {
		uint32_t version = pmt_own_look_begin();

		own = pmt_own_pages();
		pages = pmt_rss_statm_pages();
		if (pmt_own_look_settled(version))
			break;
	}
	return pages > own ? pages - own : 0;
}

void pmt_rss_start(uint32_t wanted)
{
	uint64_t pages = program_pages();

	if (&__curbrk)
		pmt_rss_brk_word = (const void *const volatile *)&__curbrk;
	pmt_seccomp_note();
	is_checking = wanted == PMT_RSS_EACH + 1;
	pmt_store32_release(&best_method,
			    wanted && !is_checking ? wanted - 1 : PMT_RSS_EXACT);
	if (pages == 0) /* no /proc: nothing to read, then nothing to trigger */
		pmt_store32_release(&best_method, PMT_RSS_OFF);
	pmt_store_release(&last_pages, pages);
}

/* False when this way of counting faults is refused; *ret_again when only this time. */
static bool open_faults(struct pmt_rss *r, uint32_t method, bool *ret_again)
{
	int err = pmt_fault_word_open_self(method == PMT_RSS_EXACT, &r->fault_word,
					   &r->perf_page);

	*ret_again = err == -ENOMEM || err == -EMFILE || err == -ENFILE;
	if (err)
		return false;
	/* Different from the word: the first event reads. */
	r->fault_seen = ~*r->fault_word;
	return true;
}

static uint64_t period_ticks(void)
{
	uint64_t ticks = pmt_load_relaxed(&clock_period_ticks);

	if (!ticks) {
		ticks = pmt_clock_ticks_per_second() / (1000000 / CLOCK_PERIOD_US);
		pmt_store_relaxed(&clock_period_ticks, ticks);
	}
	return ticks;
}

void pmt_rss_open_self(struct pmt_thread *t)
{
	struct pmt_rss *r = &t->rss;
	uint32_t method = pmt_load32_acquire(&best_method);
	bool again = false;

	if ((method == PMT_RSS_EXACT || method == PMT_RSS_TRIGGER) &&
	    pmt_seccomp_is_new())
		method = PMT_RSS_CLOCK;
	while ((method == PMT_RSS_EXACT || method == PMT_RSS_TRIGGER) &&
	       !open_faults(r, method, &again)) {
		if (again) {
			method = PMT_RSS_CLOCK;
			break;
		}
		method++;
		pmt_store32_release(&best_method, method);
	}
	if (method == PMT_RSS_CLOCK)
		period_ticks();
	r->hints_seen = t->rss_hints - 1;
	r->brk_seen = *pmt_rss_brk_word;
	r->next_tick = 0;
	r->method = is_checking && method != PMT_RSS_OFF ? PMT_RSS_EACH : method;
	if (method != PMT_RSS_OFF)
		pmt_share_join_self(t);
}

bool pmt_rss_close(struct pmt_thread *t)
{
	struct pmt_rss *r = &t->rss;

	r->method = PMT_RSS_OFF; /* first: a signal handler may look */
	if (!pmt_share_leave(t)) /* somebody may look at the page */
		return false;
	if (r->perf_page)
		pmt_fault_word_close(r->perf_page);
	r->perf_page = NULL;
	r->fault_word = NULL;
	return true;
}

void pmt_rss_after_fork(void)
{
	pmt_statm_after_fork();
	pmt_own_after_fork();
	pmt_share_after_fork();
	pmt_store_release(&last_pages, program_pages());
}

uint64_t pmt_rss_last_pages(void)
{
	return pmt_load_acquire(&last_pages);
}

/* Would the method have read at this event? pages is the change since anybody's last. */
static void check(bool triggered, int64_t pages)
{
	uint64_t size = (uint64_t)(pages < 0 ? -pages : pages);
	uint64_t max = pmt_load_relaxed(&check_missed_pages_max);

	pmt_add_relaxed(&check_read_count, 1);
	if (triggered || size == 0)
		return;
	pmt_add_relaxed(&check_missed_count, 1);
	while (size > max && !pmt_cas(&check_missed_pages_max, max, size))
		max = pmt_load_relaxed(&check_missed_pages_max);
}

void pmt_rss_check_read(struct pmt_rss_check *ret_check)
{
	ret_check->method = pmt_load32_acquire(&best_method);
	ret_check->read_count = pmt_load_relaxed(&check_read_count);
	ret_check->missed_count = pmt_load_relaxed(&check_missed_count);
	ret_check->missed_pages_max = pmt_load_relaxed(&check_missed_pages_max);
}

/* The change since anybody's last reading; 0 when there is no reading. */
static int64_t read_change(void)
{
	uint64_t pages = program_pages();

	return pages ? (int64_t)(pages - pmt_exchange(&last_pages, pages)) : 0;
}

void pmt_rss_read_last_self(struct pmt_thread *t)
{
	if (t->rss.method != PMT_RSS_OFF)
		t->sums.rss_pages += read_change() + pmt_share_take_all();
}

void pmt_rss_read_self(struct pmt_thread *t)
{
	struct pmt_rss *r = &t->rss;
	struct pmt_share share;

	if (r->method == PMT_RSS_OFF)
		return;
	bool triggered = r->fault_word && pmt_rss_triggered(t);

	/* Before the reading: what happens meanwhile must trigger another. */
	if (r->fault_word)
		r->fault_seen = *r->fault_word;
	r->hints_seen = t->rss_hints;
	r->brk_seen = *pmt_rss_brk_word;
	if (r->method == PMT_RSS_CLOCK)
		r->next_tick = pmt_clock_ticks() + period_ticks();
	pmt_share_begin_self(t, &share);
	int64_t change = pmt_share_end_self(t, &share, read_change());
	t->sums.rss_pages += change;
	/* A fault meanwhile, of this function's own stack too, is in the figure and will
	 * trigger again. */
	if (PMT_UNLIKELY(r->method == PMT_RSS_EACH && r->fault_word))
		check(triggered || *r->fault_word != r->fault_seen, change);
}
