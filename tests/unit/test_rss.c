/*
 * The resident set: exact where perf counts page faults, within the clock's bound where
 * the kernel refuses perf. Refusal is real: a seccomp filter, or an ordinary user under
 * perf_event_paranoid. Truth is statm, opened and parsed here a second time.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomics.h"
#include "support/run_suite.h"
#include "tracer/counters/counters.h"
#include "tracer/rss/own_memory.h"
#include "tracer/rss/rss_poll.h"
#include "tracer/rss/statm.h"
#include "tracer/thread.h"

enum { PAGES = 512, THREADS = 8 };

#ifndef __has_feature /* clang's way to ask */
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                     \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { EXACT_HERE = false }; /* shadow memory becomes resident beside ours */
#else
enum { EXACT_HERE = true };
#endif

static size_t page_bytes;

static uint64_t true_pages(void)
{
	char text[256];
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	ck_assert_int_gt(got, 0);
	text[got] = '\0';
	char *second = strchr(text, ' ');
	ck_assert_ptr_nonnull(second);
	return strtoull(second, NULL, 10);
}

/* What the program has of them. */
static uint64_t true_program_pages(void)
{
	return true_pages() - pmt_own_pages();
}

static char *map_pages(size_t count)
{
	char *at = mmap(NULL, count * page_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	madvise(at, count * page_bytes, MADV_NOHUGEPAGE);
	return at;
}

static void touch_pages(char *at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		((volatile char *)at)[i * page_bytes] = 1;
}

/* As the wrapper of munmap does it. */
static void unmap_pages(struct pmt_thread *t, char *at, size_t count)
{
	ck_assert_int_eq(munmap(at, count * page_bytes), 0);
	pmt_counters_rss_hint_self(t);
}

/* A fault in a file brings its neighbours along: our own code must not add them later. */
static void make_code_resident(void)
{
	true_pages();
	char *at = map_pages(1);
	touch_pages(at, 1);
	munmap(at, page_bytes);
}

static struct pmt_thread *begin(uint32_t wanted)
{
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	pmt_counting = 1;
	make_code_resident();
	pmt_rss_start(wanted);
	struct pmt_thread *t = pmt_thread_self();
	pmt_rss_open_self(t);
	return t;
}

static void skip_unless(bool met, const char *reason)
{
	if (met)
		return;
	printf("skipped a test: %s\n", reason);
	exit(EXIT_SUCCESS); /* each test has its own process */
}

static int paranoid(void)
{
	int level = 9;
	FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");

	if (file) {
		if (fscanf(file, "%d", &level) != 1)
			level = 9;
		fclose(file);
	}
	return level;
}

/* The kernel answers perf_event_open with err from now on. */
static void refuse_perf(unsigned err)
{
	struct sock_filter rules[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = 4, .filter = rules};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

/* A user of its own for each test: perf's pages are counted for a user, and tests of
 * other builds may run beside us. */
static void become_nobody(void)
{
	uid_t uid = 100000 + (uid_t)getpid();
	struct rlimit none = {0, 0};

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	ck_assert_int_eq(setgid(uid), 0);
	ck_assert_int_eq(setuid(uid), 0);
}

static uint64_t accounted(uint64_t start, const struct pmt_thread *t)
{
	return start + (uint64_t)t->sums.rss_pages;
}

START_TEST(test_parse_knows_statm_from_other_text)
{
	static const char *const wrong[] = {
	    "",
	    "\n",
	    "1234 567 89 1 0 100",
	    "1234 567 89 1 0 100\n",
	    "1234 567 89 1 0 100 0",
	    "1234 567 89 1 0 100 0 \n",
	    "1234  567 89 1 0 100 0\n",
	    "1234 -567 89 1 0 100 0\n",
	    "12 567 89 1 0 100 0\n",
	    "1234 0 89 1 0 100 0\n",
	    "1 (cat) S 1 1 1 0\n",
	    "import os, sys\n",
	};
	static const char right[] = "1234 567 89 1 0 100 0\n";
	uint64_t pages = 42;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ck_assert_msg(!pmt_statm_parse(wrong[i], strlen(wrong[i]), &pages),
			      "took \"%s\"", wrong[i]);
		ck_assert_uint_eq(pages, 42);
	}
	ck_assert(pmt_statm_parse(right, strlen(right), &pages));
	ck_assert_uint_eq(pages, 567);
	for (size_t cut = 0; cut < strlen(right); cut++)
		ck_assert(!pmt_statm_parse(right, cut, &pages));
}
END_TEST

/* Every page fault moves the word, nothing else does, and the account is exact. */
START_TEST(test_exact_follows_every_page)
{
	struct pmt_thread *t = begin(0);

	skip_unless(t->rss.method == PMT_RSS_EXACT, "no kernel-mode faults by perf here");
	ck_assert(pmt_rss_moved(t)); /* the first event reads */
	pmt_rss_read_self(t);
	uint64_t start = true_pages() - (uint64_t)t->sums.rss_pages;
	char *at = map_pages(PAGES);

	for (int i = 0; i < PAGES; i++) {
		pmt_rss_read_self(t);
		ck_assert(!pmt_rss_moved(t));
		at[(size_t)i * page_bytes] = 1;
		ck_assert_msg(pmt_rss_moved(t), "page %d went unnoticed", i);
		pmt_rss_read_self(t);
		ck_assert_uint_eq(accounted(start, t), true_pages());
	}
	unmap_pages(t, at, PAGES);
	ck_assert(pmt_rss_moved(t));
	pmt_rss_read_self(t);
	ck_assert_uint_eq(accounted(start, t), true_pages());
	ck_assert_uint_eq(pmt_rss_last_pages(), true_program_pages());
}
END_TEST

START_TEST(test_exact_sees_faults_in_kernel_mode)
{
	struct pmt_thread *t = begin(0);
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	skip_unless(t->rss.method == PMT_RSS_EXACT, "no kernel-mode faults by perf here");
	char *at = map_pages(PAGES);
	pmt_rss_read_self(t);
	int64_t before = t->sums.rss_pages;
	ck_assert_int_eq(read(zero, at, PAGES * page_bytes), PAGES * page_bytes);
	ck_assert(pmt_rss_moved(t));
	pmt_rss_read_self(t);
	ck_assert_int_eq(t->sums.rss_pages - before, PAGES);
	close(zero);
}
END_TEST

START_TEST(test_heap_trim_is_noticed)
{
	struct pmt_thread *t = begin(0);
	char *end = sbrk(64 * (intptr_t)page_bytes);

	touch_pages(end, 64);
	pmt_rss_read_self(t);
	int64_t before = t->sums.rss_pages;
	ck_assert_int_eq(brk(end), 0);
	ck_assert(pmt_rss_moved(t));
	pmt_rss_read_self(t);
	ck_assert_int_le(t->sums.rss_pages, before - 64);
}
END_TEST

START_TEST(test_perf_refused_leaves_the_clock)
{
	refuse_perf(EACCES);
	struct pmt_thread *t = begin(0);

	ck_assert_uint_eq(t->rss.method, PMT_RSS_CLOCK);
	uint64_t per_second = pmt_clock_ticks_per_second();
	char *at = map_pages(PAGES);
	pmt_rss_read_self(t);
	uint64_t read_at = pmt_clock_ticks();
	int64_t before = t->sums.rss_pages;
	touch_pages(at, PAGES);
	while (!pmt_rss_moved(t))
		;
	/* Not before its time: 100 us, and 5 % for the measured tick rate. */
	ck_assert_uint_ge(pmt_clock_ticks() - read_at, per_second / 10000 * 95 / 100);
	pmt_rss_read_self(t);
	ck_assert_int_eq(t->sums.rss_pages - before, PAGES);

	pmt_rss_read_self(t);
	unmap_pages(t, at, PAGES);
	ck_assert(pmt_rss_moved(t)); /* a hint does not wait for the clock */
	pmt_rss_read_self(t);
	ck_assert_int_eq(t->sums.rss_pages, before);
}
END_TEST

/* The program's own filter may kill: once there is one, perf is not tried any more. */
START_TEST(test_own_sandbox_is_not_provoked)
{
	pmt_counting = 1;
	pmt_rss_start(0);
	refuse_perf(ENOSYS);
	struct pmt_thread *t = pmt_thread_self();
	pmt_rss_open_self(t);
	ck_assert_uint_eq(t->rss.method, PMT_RSS_CLOCK);
}
END_TEST

START_TEST(test_ordinary_user_gets_the_trigger)
{
	skip_unless(getuid() == 0 && paranoid() == 2, "needs root and paranoid 2");
	become_nobody();
	struct pmt_thread *t = begin(0);

	ck_assert_uint_eq(t->rss.method, PMT_RSS_TRIGGER);
	char *at = map_pages(PAGES);
	pmt_rss_read_self(t);
	int64_t before = t->sums.rss_pages;
	ck_assert(!pmt_rss_moved(t));
	touch_pages(at, PAGES);
	ck_assert(pmt_rss_moved(t));
	pmt_rss_read_self(t);
	ck_assert_int_eq(t->sums.rss_pages - before, PAGES);
}
END_TEST

static pthread_barrier_t all_open;
static _Atomic uint64_t methods[PMT_RSS_EACH + 1];

static void *open_and_wait(void *unused)
{
	struct pmt_thread *t = pmt_thread_self();

	pmt_rss_open_self(t);
	pmt_add_relaxed(&methods[t->rss.method], 1);
	pthread_barrier_wait(&all_open);
	ck_assert(pmt_rss_close(t));
	return unused;
}

/* The kernel limits how many perf pages a user may map: further threads take the clock,
 * and once others are gone a new one gets perf again. */
START_TEST(test_perf_memory_runs_out)
{
	enum { MANY = 600 };
	static pthread_t ids[MANY];
	pthread_attr_t small;

	skip_unless(getuid() == 0 && paranoid() <= 2, "needs root and paranoid <= 2");
	become_nobody();
	uint32_t by_perf = begin(0)->rss.method;
	pthread_barrier_init(&all_open, NULL, MANY);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(pthread_create(&ids[i], &small, open_and_wait, NULL), 0);
	for (int i = 0; i < MANY; i++)
		pthread_join(ids[i], NULL);
	skip_unless(methods[PMT_RSS_CLOCK] != 0, "the limit is higher here");
	ck_assert_uint_gt(methods[by_perf], 0);
	ck_assert_uint_eq(methods[by_perf] + methods[PMT_RSS_CLOCK], MANY);

	pthread_barrier_init(&all_open, NULL, 1);
	uint64_t before = methods[by_perf];
	open_and_wait(NULL);
	ck_assert_uint_eq(methods[by_perf], before + 1);
}
END_TEST

static void *grow_and_shrink(void *unused)
{
	struct pmt_thread *t = pmt_thread_self();

	pmt_rss_open_self(t);
	for (int round = 0; round < 50; round++) {
		char *at = map_pages(16);

		for (size_t i = 0; i < 16; i++) {
			at[i * page_bytes] = 1;
			if (pmt_rss_moved(t))
				pmt_rss_read_self(t);
		}
		unmap_pages(t, at, 16);
		if (pmt_rss_moved(t))
			pmt_rss_read_self(t);
	}
	return unused;
}

/* However the threads' readings interleave, their changes add up to the whole one. */
START_TEST(test_changes_of_all_threads_add_up)
{
	struct pmt_thread *t = begin(0);
	uint64_t start = pmt_rss_last_pages();
	pthread_t ids[THREADS];
	int64_t sum = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&ids[i], NULL, grow_and_shrink, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	pmt_rss_read_last_self(t);
	for (uint32_t i = 0; pmt_thread_at(i); i++)
		sum += pmt_thread_at(i)->sums.rss_pages;
	ck_assert_uint_eq(start + (uint64_t)sum, pmt_rss_last_pages());
	if (EXACT_HERE)
		ck_assert_int_le(
		    llabs((long long)(pmt_rss_last_pages() - true_program_pages())), 4);
}
END_TEST

/* The other thread of a test: does a step at a time while the first one waits. */
static struct other {
	pthread_barrier_t barrier;
	struct pmt_thread *thread;
	char *at;
	int64_t sums[4]; /* its account after each of its readings */
} other;

static void take_turns(void)
{
	pthread_barrier_wait(&other.barrier); /* its step begins */
	pthread_barrier_wait(&other.barrier); /* and is done */
}

static void *grow_unread(void *unused)
{
	struct pmt_thread *t = other.thread = pmt_thread_self();

	pmt_rss_open_self(t);
	for (int step = 0; step < 6; step++) {
		pthread_barrier_wait(&other.barrier);
		if (step == 0) /* all code and stack that is needed */
			pmt_rss_read_self(t);
		if (step == 1)
			touch_pages(other.at, 300);
		if (step == 3)
			unmap_pages(t, other.at, 300);
		if (step % 2 == 0 && pmt_rss_moved(t))
			pmt_rss_read_self(t);
		other.sums[step / 2] = t->sums.rss_pages;
		pthread_barrier_wait(&other.barrier);
	}
	return unused;
}

/* What a thread did in a long call is its own, whoever reads meanwhile. */
START_TEST(test_changes_go_to_who_made_them)
{
	struct pmt_thread *t = begin(0);
	char *at = map_pages(PAGES);
	pthread_t id;

	skip_unless(t->rss.method == PMT_RSS_EXACT, "no kernel-mode faults by perf here");
	other.at = map_pages(PAGES);
	pthread_barrier_init(&other.barrier, NULL, 2);
	pthread_create(&id, NULL, grow_unread, NULL);
	take_turns(); /* 0: it reads */
	pmt_rss_read_self(t);
	touch_pages(at, 1);
	pmt_rss_read_self(t);
	int64_t before = t->sums.rss_pages;
	int64_t others_before = other.sums[0];
	touch_pages(at, 8);
	take_turns(); /* 1: grows by 300 */
	pmt_rss_read_self(t);
	ck_assert_int_eq(t->sums.rss_pages, before + 7);
	take_turns(); /* 2: its next event */
	ck_assert_int_eq(other.sums[1], others_before + 300);
	touch_pages(at, 16);
	take_turns(); /* 3: shrinks by 300 */
	pmt_rss_read_self(t);
	ck_assert_int_eq(t->sums.rss_pages, before + 15);
	take_turns(); /* 4: its next event */
	/* Its first call of munmap takes a page for its binding. */
	ck_assert_int_le(llabs((long long)(other.sums[2] - others_before)), 1);
	take_turns();
	pthread_join(id, NULL);
}
END_TEST

/* A thread that ends without another event has what it was given. */
START_TEST(test_dead_threads_get_theirs)
{
	struct pmt_thread *t = begin(0);
	pthread_t id;

	skip_unless(t->rss.method == PMT_RSS_EXACT, "no kernel-mode faults by perf here");
	other.at = map_pages(PAGES);
	pthread_barrier_init(&other.barrier, NULL, 2);
	pthread_create(&id, NULL, grow_unread, NULL);
	take_turns();
	pmt_rss_read_self(t);
	take_turns();
	pmt_rss_read_self(t);
	int64_t before = other.sums[0];
	ck_assert_int_eq(other.thread->sums.rss_pages, before);
	ck_assert(pmt_rss_close(other.thread)); /* it stands still, as if it were dead */
	ck_assert_int_eq(other.thread->sums.rss_pages, before + 300);
	exit(EXIT_SUCCESS); /* with the thread */
}
END_TEST

START_TEST(test_own_memory_is_not_the_programs)
{
	struct pmt_thread *t = begin(0);
	char *at = map_pages(PAGES);

	pmt_rss_read_self(t);
	int64_t before = t->sums.rss_pages;
	char *own = pmt_own_map(PAGES * page_bytes, PMT_OWN_ABSENT);
	ck_assert_ptr_nonnull(own);
	pmt_rss_read_self(t);
	ck_assert_int_eq(t->sums.rss_pages, before);
	touch_pages(own, PAGES); /* is there already */
	touch_pages(at, 3);
	pmt_rss_read_self(t);
	ck_assert_int_eq(t->sums.rss_pages, before + 3);
}
END_TEST

static void *map_own_pages(void *unused)
{
	for (int i = 0; i < 500; i++)
		ck_assert_ptr_nonnull(pmt_own_map(8 * page_bytes, PMT_OWN_INHERITED));
	return unused;
}

/* No reading sees a mapping of ours without its count, nor the other way round. */
START_TEST(test_own_memory_is_seen_whole_or_not)
{
	struct pmt_thread *t = begin(PMT_RSS_EACH + 1);
	pthread_t id;

	/* Once for the code of libc and ours that a thread needs. */
	pthread_create(&id, NULL, map_own_pages, NULL);
	pthread_join(id, NULL);
	/* The thread's stack and whatever libc needs for it are the program's. */
	uint64_t own = pmt_own_pages();
	ck_assert_int_eq(pthread_create(&id, NULL, map_own_pages, NULL), 0);
	while (pmt_own_pages() == own)
		;
	pmt_rss_read_self(t);
	int64_t before = t->sums.rss_pages;
	while (pmt_own_pages() < own + 8 * 400) {
		pmt_rss_read_self(t);
		ck_assert_int_le(llabs((long long)(t->sums.rss_pages - before)), 4);
	}
	pthread_join(id, NULL);
	ck_assert_uint_eq(pmt_own_pages(), own + 8 * 500);
}
END_TEST

static int look_at_own_in_child(const char *wiped, const char *absent)
{
	pmt_rss_after_fork();
	struct pmt_thread *t = pmt_self;
	pmt_rss_open_self(t);
	pmt_rss_read_self(t);
	int64_t before = t->sums.rss_pages;
	if (wiped[0] != 0 || pmt_own_pages() < PAGES)
		return 1;
	touch_pages((char *)(uintptr_t)wiped, PAGES);
	pmt_rss_read_self(t);
	if (t->sums.rss_pages - before > 8) /* resident before the account began */
		return 2;
	return madvise((void *)(uintptr_t)absent, PAGES * page_bytes, MADV_NORMAL) < 0 &&
		       errno == ENOMEM
		   ? 0
		   : 3;
}

START_TEST(test_own_memory_in_a_child)
{
	int status = 0;

	begin(0);
	char *wiped = pmt_own_map(PAGES * page_bytes, PMT_OWN_WIPED);
	char *absent = pmt_own_map(PAGES * page_bytes, PMT_OWN_ABSENT);
	ck_assert(wiped && absent);
	wiped[0] = 1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(look_at_own_in_child(wiped, absent));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "the child died of a signal");
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* Which descriptors show a statm file. */
static int find_statm_fd(void)
{
	char path[64], target[64];

	for (int fd = 3; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (strstr(target, "/statm"))
			return fd;
	}
	return -1;
}

START_TEST(test_descriptor_survives_close_and_reuse)
{
	char text[8] = "";

	begin(0);
	int fd = find_statm_fd();
	ck_assert_int_ge(fd, 256); /* out of the program's way */
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);

	close(fd);
	ck_assert_int_le(llabs((long long)(pmt_rss_statm_pages() - true_pages())), 8);
	ck_assert_int_eq(find_statm_fd(), fd);

	FILE *users = tmpfile();
	fputs("precious", users);
	fflush(users);
	ck_assert_int_eq(dup2(fileno(users), fd), fd); /* the program's own from now */
	ck_assert_int_le(llabs((long long)(pmt_rss_statm_pages() - true_pages())), 8);
	ck_assert_int_eq(pread(fd, text, 7, 0), 7);
	ck_assert_str_eq(text, "preciou");
	ck_assert_int_ne(find_statm_fd(), fd);
	ck_assert_int_gt(find_statm_fd(), 0);
}
END_TEST

static int look_in_child(int parent_fd, size_t held_pages)
{
	pmt_thread_after_fork();
	struct pmt_thread *t = pmt_self;

	make_code_resident();
	if (pmt_rss_moved(t)) /* must not touch the parent's perf page */
		return 1;
	pmt_rss_after_fork();
	uint64_t pages = pmt_rss_last_pages();
	if (pages < held_pages || llabs((long long)(pages - true_program_pages())) > 8)
		return 2;
	pmt_rss_open_self(t);
	pmt_rss_read_self(t);
	char *at = map_pages(PAGES);
	int64_t before = t->sums.rss_pages;
	touch_pages(at, PAGES);
	pmt_rss_read_self(t);
	if (t->sums.rss_pages - before < PAGES || t->sums.rss_pages - before > PAGES + 8)
		return 3;
	return find_statm_fd() == parent_fd ? 0 : 4; /* one only, and the same place */
}

START_TEST(test_child_reads_its_own)
{
	struct pmt_thread *t = begin(0);
	int fd = find_statm_fd(), status = 0;
	char *held = map_pages(PAGES);

	touch_pages(held, PAGES);
	pmt_rss_read_self(t);
	pid_t pid = fork();
	if (pid == 0)
		_exit(look_in_child(fd, PAGES));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "the child died of a signal");
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(test_wanted_methods)
{
	struct pmt_thread *t = begin(PMT_RSS_EACH + 1);

	ck_assert_uint_eq(t->rss.method, PMT_RSS_EACH);
	pmt_rss_read_self(t);
	ck_assert(pmt_rss_moved(t));
	pmt_rss_start(PMT_RSS_OFF + 1);
	pmt_rss_open_self(t);
	t->rss_hints++;
	ck_assert(!pmt_rss_moved(t));
	pmt_rss_start(PMT_RSS_CLOCK + 1);
	pmt_rss_open_self(t);
	ck_assert_uint_eq(t->rss.method, PMT_RSS_CLOCK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rss");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_parse_knows_statm_from_other_text);
	tcase_add_test(tc, test_own_sandbox_is_not_provoked);
	tcase_add_test(tc, test_perf_memory_runs_out);
	tcase_add_test(tc, test_descriptor_survives_close_and_reuse);
	tcase_add_test(tc, test_wanted_methods);
	tcase_add_test(tc, test_changes_of_all_threads_add_up);
	if (EXACT_HERE) {
		tcase_add_test(tc, test_exact_follows_every_page);
		tcase_add_test(tc, test_exact_sees_faults_in_kernel_mode);
		tcase_add_test(tc, test_heap_trim_is_noticed);
		tcase_add_test(tc, test_perf_refused_leaves_the_clock);
		tcase_add_test(tc, test_ordinary_user_gets_the_trigger);
		tcase_add_test(tc, test_changes_go_to_who_made_them);
		tcase_add_test(tc, test_dead_threads_get_theirs);
		tcase_add_test(tc, test_own_memory_is_not_the_programs);
		tcase_add_test(tc, test_own_memory_is_seen_whole_or_not);
		tcase_add_test(tc, test_own_memory_in_a_child);
		tcase_add_test(tc, test_child_reads_its_own);
	}
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
