/*
 * Whose is a change of the resident set? With one thread it is its own. With several, the
 * thread that reads finds what all of them did since anybody's last reading, and others
 * may be in the middle of a long C call: the change is shared out by the page faults and
 * hints that each had since then. What is given to a thread waits in its entry, and its
 * own trigger brings it there at its next event.
 */
#ifndef PMT_TRACER_RSS_SHARE_H
#define PMT_TRACER_RSS_SHARE_H

#include <stdbool.h>
#include <stdint.h>

struct pmt_thread;

/* Above so many, a change is whoever's that reads: a look at all would take too long. */
enum { PMT_SHARE_THREADS_MAX = 256 };

enum pmt_share_hint {
	PMT_SHARE_QUIET = 0, /* no hint since anybody last looked */
	PMT_SHARE_DONE,
	PMT_SHARE_BUSY,
};

/* What a look at all threads found. */
struct pmt_share {
	bool is_locked; /* else it is one thread, or another one is looking */
	bool is_blind;  /* the faults of some thread are not counted */
	uint64_t faults;
	/* Pages of the calls that change the resident set: of those that are over, and of
	 * those under way. At least 1 a thread, where they are not known. */
	uint64_t done_pages;
	uint64_t busy_pages;
};

/* The owner, with its trigger set up: takes part from now on. */
void pmt_share_join_self(struct pmt_thread *t);

/* The owner, or the reaper once it is dead: takes part no more, and gets what was given
 * to it until now. False while somebody looks at it, which takes microseconds: try again.
 */
bool pmt_share_leave(struct pmt_thread *t);

/* Around a reading of the resident set: begin, read, and end with the change. The result
 * is what the caller's own sums grow by: its share, and what others gave it. */
void pmt_share_begin_self(struct pmt_thread *t, struct pmt_share *share);
int64_t pmt_share_end_self(struct pmt_thread *t, const struct pmt_share *share,
			   int64_t change);

/* At the end of the process: what was given to anybody who did not come for it. */
int64_t pmt_share_take_all(void);

void pmt_share_after_fork(void);

#endif
