/*
 * Reading statm. The descriptor sits above all numbers that the program can get, where
 * the limits allow that, else at the highest number that is free; a program that closes
 * what it does not own closes it too, and the next reading opens it again. It is read
 * only, so the worst that a reused number brings is text that is no statm.
 */
#include "rss/statm.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/atomics.h"
#include "os/process_stat.h"
#include "os/sys.h"
#include "rss/rss.h"

enum {
	STATM_FIELDS = 7,
	STATM_BYTES = 160,
	/* Below select's limit, and no larger descriptor table than most programs get. */
	STATM_FD_END = 1024,
	/* Above the program's limit: a table of at most 64 KiB, which a fork copies. */
	STATM_FD_ABOVE_MAX = 4096,
	STATM_FD_TRIES = 64,
};

/* Descriptor + 1, 0: none. Any thread swaps; whoever loses closes its own. */
static _Atomic uint32_t statm_fd;
/* Which file the descriptor was opened on. Only read in a child, single-threaded. */
static dev_t statm_device;
static ino_t statm_inode;

bool pmt_statm_parse(const char *text, size_t size, uint64_t *ret_resident_pages)
{
	uint64_t values[STATM_FIELDS] = {0};
	unsigned field = 0;
	bool digit = false;

	for (size_t i = 0; i < size && field < STATM_FIELDS; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			values[field] = values[field] * 10 + (uint64_t)(text[i] - '0');
			digit = true;
			continue;
		}
		char want = field == STATM_FIELDS - 1 ? '\n' : ' ';
		if (!digit || text[i] != want)
			return false;
		field++;
		digit = false;
	}
	/* A process that runs has resident pages, and no more than it has mapped. */
	if (field != STATM_FIELDS || values[1] == 0 || values[1] > values[0])
		return false;
	*ret_resident_pages = values[1];
	return true;
}

/*
 * Moves fd to a number that the program's soft limit keeps from it: closing or listing
 * all that it could have opened does not come upon it. For a moment the limit is raised;
 * only where no other thread can see it or fork with it. Returns fd when that cannot be.
 */
static int move_above(int fd)
{
	struct rlimit limit = {0};
	struct pmt_process_stat stat;

	if (pmt_sys_getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fd;
	uint64_t at = limit.rlim_cur < STATM_FD_END ? STATM_FD_END : limit.rlim_cur;
	struct rlimit raised = {at + 1, limit.rlim_max};
	if (at > STATM_FD_ABOVE_MAX || at >= limit.rlim_max ||
	    !pmt_process_stat_read(0, &stat) || stat.thread_count != 1 ||
	    pmt_sys_setrlimit(RLIMIT_NOFILE, &raised) < 0)
		return fd;
	int moved = pmt_sys_fcntl(fd, F_DUPFD_CLOEXEC, (long)at);
	pmt_sys_setrlimit(RLIMIT_NOFILE, &limit);
	if (moved < 0)
		return fd;
	pmt_sys_close(fd);
	return moved;
}

/* Moves fd to the highest free number, as far as that is found by a few tries. */
static int move_up(int fd)
{
	struct rlimit limit = {0};
	int end = STATM_FD_END;

	if (pmt_sys_getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < STATM_FD_END)
		end = (int)limit.rlim_cur;
	for (int at = end - 1; at > fd && at >= end - STATM_FD_TRIES; at--) {
		int moved = pmt_sys_fcntl(fd, F_DUPFD_CLOEXEC, at);

		if (moved >= 0 && moved < end) {
			pmt_sys_close(fd);
			return moved;
		}
		if (moved >= end) /* all from here to there are taken */
			pmt_sys_close(moved);
	}
	return fd;
}

/* Opens statm in place of the descriptor seen before (plus one); the new one or -1. */
static int reopen(uint32_t seen)
{
	struct stat st = {0};
	int fd = pmt_sys_openat(AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	int above = move_above(fd);
	fd = above != fd ? above : move_up(fd);
	if (pmt_sys_fstat(fd, &st) < 0 || !pmt_cas32(&statm_fd, seen, (uint32_t)fd + 1)) {
		pmt_sys_close(fd);
		return (int)pmt_load32_acquire(&statm_fd) - 1;
	}
	statm_device = st.st_dev;
	statm_inode = st.st_ino;
	return fd;
}

static bool read_pages(int fd, uint64_t *ret_pages)
{
	char text[STATM_BYTES] = "";
	ssize_t got = fd < 0 ? -1 : pmt_sys_pread(fd, text, sizeof(text), 0);

	return got > 0 && pmt_statm_parse(text, (size_t)got, ret_pages);
}

uint64_t pmt_rss_statm_pages(void)
{
	uint32_t seen = pmt_load32_acquire(&statm_fd);
	uint64_t pages = 0;

	if (seen && read_pages((int)seen - 1, &pages))
		return pages;
	/* Never close the old number: if it was ours it is closed already. */
	if (!read_pages(reopen(seen), &pages))
		return 0;
	return pages;
}

void pmt_statm_after_fork(void)
{
	uint32_t seen = pmt_load32_acquire(&statm_fd);
	struct stat st = {0};

	pmt_store32_release(&statm_fd, 0);
	if (seen && pmt_sys_fstat((int)seen - 1, &st) == 0 && st.st_dev == statm_device &&
	    st.st_ino == statm_inode)
		pmt_sys_close((int)seen - 1);
}
