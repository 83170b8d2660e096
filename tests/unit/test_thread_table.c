/* The table of threads: entries are taken once, outlive their thread, are reused from
 * zero, and a fork leaves the child its own zeroed entry and nobody else's. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomics.h"
#include "support/run_suite.h"
#include "tracer/thread.h"

enum { THREADS = 16, ROUNDS = 200 };

/* Waits for a child and gives its exit status. */
static int status_of(pid_t pid)
{
	int status = 0;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "the child died of signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static uint64_t total_allocated(void)
{
	uint64_t total = 0;
	struct pmt_thread *t;

	for (uint32_t i = 0; (t = pmt_thread_at(i)) != NULL; i++)
		total += t->sums.allocated_bytes;
	return total;
}

START_TEST(test_passes_through_until_counting)
{
	pmt_counting = 0;
	ck_assert_ptr_null(pmt_thread_self());
	pmt_counting = 1;
	struct pmt_thread *t = pmt_thread_self();
	ck_assert_ptr_nonnull(t);
	ck_assert_ptr_eq(pmt_thread_self(), t);
	ck_assert_uint_eq(pmt_load32_acquire(&t->os_tid), (uint32_t)getpid());
	ck_assert_uint_eq((uintptr_t)t % PMT_CACHE_LINE_BYTES, 0);
}
END_TEST

START_TEST(test_keeps_errno)
{
	errno = 77;
	ck_assert_ptr_nonnull(pmt_thread_new_self());
	ck_assert_int_eq(errno, 77);
}
END_TEST

static void *take_one(void *unused)
{
	(void)unused;
	return pmt_thread_self();
}

START_TEST(test_freed_entry_is_reused_from_zero)
{
	pthread_t id;
	void *first, *second;

	pmt_counting = 1;
	pmt_thread_self();
	pthread_create(&id, NULL, take_one, NULL);
	pthread_join(id, &first);
	struct pmt_thread *t = first;
	t->sums.allocated_bytes = 1000;
	t->sums.rss_pages = -3;
	t->rss_hints = 5;
	t->emitter.live = 1;
	uint64_t before = total_allocated();

	pmt_thread_free(t);
	ck_assert_uint_eq(total_allocated(), before);
	ck_assert_int_eq(pmt_thread_at(0)->sums.rss_pages, -3);
	ck_assert_uint_eq(pmt_load32_acquire(&pmt_thread_at(0)->os_tid), 0);

	pthread_create(&id, NULL, take_one, NULL);
	pthread_join(id, &second);
	ck_assert_ptr_eq(second, first);
	ck_assert_uint_eq(t->sums.allocated_bytes, 0);
	ck_assert_uint_eq(t->rss_hints, 0);
	ck_assert_uint_eq(t->emitter.live, 0);
	ck_assert_uint_eq(total_allocated(), before);
}
END_TEST

struct churn {
	pthread_barrier_t *start;
	unsigned shared_count;
};

/* Takes an entry anew each round; nobody else may be seen writing it meanwhile. */
static void *churn(void *arg)
{
	struct churn *c = arg;
	static pthread_mutex_t reaper = PTHREAD_MUTEX_INITIALIZER;

	pthread_barrier_wait(c->start);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct pmt_thread *t = pmt_thread_new_self();
		uint32_t tid = (uint32_t)syscall(SYS_gettid);

		t->sums.allocated_bytes += i;
		t->sums.allocated_count++;
		if (pmt_load32_acquire(&t->os_tid) != tid ||
		    t->sums.allocated_bytes != i || t->sums.allocated_count != 1)
			c->shared_count++;
		pmt_self = NULL; /* as a new thread has it */
		pthread_mutex_lock(&reaper);
		pmt_thread_free(t);
		pthread_mutex_unlock(&reaper);
	}
	return NULL;
}

START_TEST(test_threads_never_share_an_entry)
{
	pthread_barrier_t start;
	pthread_t ids[THREADS];
	struct churn churns[THREADS];
	uint32_t used = 0;

	pthread_barrier_init(&start, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		churns[i] = (struct churn){.start = &start};
		pthread_create(&ids[i], NULL, churn, &churns[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(ids[i], NULL);
		ck_assert_uint_eq(churns[i].shared_count, 0);
	}
	ck_assert_uint_eq(pmt_thread_at(0)->sums.allocated_count, THREADS * ROUNDS);
	ck_assert_uint_eq(pmt_thread_at(0)->sums.allocated_bytes,
			  THREADS * (ROUNDS * (ROUNDS - 1) / 2));
	while (pmt_thread_at(used))
		used++;
	/* Reuse keeps the table small; an unlucky race may skip a few entries. */
	ck_assert_uint_lt(used, 3 * THREADS);
	pthread_barrier_destroy(&start);
}
END_TEST

START_TEST(test_full_table_refuses_and_recovers)
{
	struct pmt_thread *last = NULL, *t;
	unsigned taken = 0;

	while ((t = pmt_thread_new_self()) != NULL) {
		last = t;
		pmt_self = NULL;
		taken++;
	}
	ck_assert_uint_eq(taken, PMT_THREADS_MAX - 1);
	ck_assert_ptr_null(pmt_thread_at(PMT_THREADS_MAX));
	pmt_thread_free(last);
	ck_assert_ptr_eq(pmt_thread_new_self(), last);
}
END_TEST

/* In the child: its entry is there, zeroed, and its own again after after_fork. */
static int look_in_child(struct pmt_thread *mine, const struct pmt_thread *other)
{
	if (pmt_self != mine)
		return 1;
	if (mine->sums.allocated_count != 0 || mine->emitter.live)
		return 2;
	mine->sums.allocated_count++; /* a malloc before the handlers ran */
	pmt_thread_after_fork();
	if (mine->sums.allocated_count != 1)
		return 3;
	if (pmt_load32_acquire(&mine->os_tid) != (uint32_t)getpid())
		return 4;
	if (pmt_thread_at(0)->sums.allocated_count != 0)
		return 5;
	if (other->sums.allocated_count != 0)
		return 6;
	pmt_self = NULL; /* another thread of the child */
	return pmt_thread_new_self() == mine ? 7 : 0;
}

START_TEST(test_fork_leaves_the_child_its_own_entry)
{
	pthread_t id;
	void *other;

	pmt_counting = 1;
	pthread_create(&id, NULL, take_one, NULL);
	pthread_join(id, &other);
	struct pmt_thread *mine = pmt_thread_self();
	mine->sums.allocated_count = 10;
	mine->emitter.live = 1;
	((struct pmt_thread *)other)->sums.allocated_count = 20;

	pid_t pid = fork();
	if (pid == 0)
		_exit(look_in_child(mine, other));
	ck_assert_int_eq(status_of(pid), 0);
	ck_assert_uint_eq(mine->sums.allocated_count, 10);
	ck_assert_uint_eq(mine->emitter.live, 1);
}
END_TEST

/* A child by raw clone runs no handler: a thread of it must not get the entry that the
 * clone's own thread still counts in. */
START_TEST(test_raw_clone_child_keeps_its_entry)
{
	pmt_counting = 1;
	struct pmt_thread *mine = pmt_thread_self();

	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		pmt_self = NULL;
		struct pmt_thread *t = pmt_thread_new_self();
		_exit(t == NULL || t == mine);
	}
	ck_assert_int_eq(status_of(pid), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("thread table");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_passes_through_until_counting);
	tcase_add_test(tc, test_keeps_errno);
	tcase_add_test(tc, test_freed_entry_is_reused_from_zero);
	tcase_add_test(tc, test_threads_never_share_an_entry);
	tcase_add_test(tc, test_full_table_refuses_and_recovers);
	tcase_add_test(tc, test_fork_leaves_the_child_its_own_entry);
	tcase_add_test(tc, test_raw_clone_child_keeps_its_entry);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
