/* Counting alone: the first thread needs no locked operation until the second comes, and
 * nothing is torn when it does, wherever the first is; a first that does not go on is not
 * waited for without end; where the kernel refuses, all is shared or waits for the first.
 */
#include <check.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/chance.h"
#include "support/run_suite.h"
#include "tracer/live/sole.h"

enum {
	ROUNDS = 120,
	SECTIONS = 400, /* of a thread in a round; of the first as many as it takes */
	THREADS = 3,
	SKIP = 77,
};

static enum pmt_sole_way pass(struct pmt_sole *sole, struct pmt_sole_thread *self)
{
	enum pmt_sole_way way = pmt_sole_enter_self(sole, self);

	pmt_sole_leave_self(self, way);
	return way;
}

START_TEST(test_second_ends_it)
{
	struct pmt_sole sole = {0};
	struct pmt_sole_thread first = {0}, second = {0};

	pmt_sole_open(&sole);
	ck_assert_int_eq(pass(&sole, &first), PMT_SOLE_ALONE);
	ck_assert_int_eq(pass(&sole, &first), PMT_SOLE_ALONE);
	ck_assert_int_eq(pass(&sole, &second), PMT_SOLE_SHARED);
	ck_assert_int_eq(pass(&sole, &first), PMT_SOLE_SHARED);
	ck_assert_int_eq(pass(&sole, &second), PMT_SOLE_SHARED);
}
END_TEST

START_TEST(test_first_does_not_go_on)
{
	struct pmt_sole sole = {0};
	struct pmt_sole_thread first = {0}, second = {0};

	pmt_sole_open(&sole);
	ck_assert_int_eq(pmt_sole_enter_self(&sole, &first), PMT_SOLE_ALONE);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pass(&sole, &second), PMT_SOLE_BUSY);
	pmt_sole_leave_self(&first, PMT_SOLE_ALONE);
	ck_assert_int_eq(pass(&sole, &second), PMT_SOLE_SHARED);
	ck_assert_int_eq(pass(&sole, &first), PMT_SOLE_SHARED);
}
END_TEST

/* The first comes again, before anybody saw that it left. */
START_TEST(test_first_finds_it_withdrawn)
{
	struct pmt_sole sole = {0};
	struct pmt_sole_thread first = {0}, second = {0};

	pmt_sole_open(&sole);
	ck_assert_int_eq(pmt_sole_enter_self(&sole, &first), PMT_SOLE_ALONE);
	ck_assert_int_eq(pass(&sole, &second), PMT_SOLE_BUSY);
	pmt_sole_leave_self(&first, PMT_SOLE_ALONE);
	ck_assert_int_eq(pass(&sole, &first), PMT_SOLE_SHARED);
	ck_assert_int_eq(pass(&sole, &second), PMT_SOLE_SHARED);
}
END_TEST

/* The entry of a thread that is gone is cleared, and the next one's. */
START_TEST(test_entry_of_the_dead)
{
	struct pmt_sole sole = {0};
	struct pmt_sole_thread first = {0};

	pmt_sole_open(&sole);
	ck_assert_int_eq(pmt_sole_enter_self(&sole, &first), PMT_SOLE_ALONE);
	memset(&first, 0, sizeof(first));
	ck_assert_int_eq(pass(&sole, &first), PMT_SOLE_SHARED);
}
END_TEST

/* --- the kernel refuses --- */

static int refuse_membarrier(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

static int refused_from_the_beginning(void)
{
	struct pmt_sole sole = {0};
	struct pmt_sole_thread first = {0}, second = {0};

	if (refuse_membarrier() < 0)
		return SKIP;
	pmt_sole_open(&sole);
	if (pass(&sole, &first) != PMT_SOLE_SHARED)
		return 1;
	return pass(&sole, &second) == PMT_SOLE_SHARED ? 0 : 2;
}

/* Nobody knows where the first is, until it says so. */
static int refused_later(void)
{
	struct pmt_sole sole = {0};
	struct pmt_sole_thread first = {0}, second = {0};

	pmt_sole_open(&sole);
	if (pass(&sole, &first) != PMT_SOLE_ALONE)
		return 1;
	if (refuse_membarrier() < 0)
		return SKIP;
	if (pass(&sole, &second) != PMT_SOLE_BUSY)
		return 2;
	if (pass(&sole, &first) != PMT_SOLE_SHARED)
		return 3;
	return pass(&sole, &second) == PMT_SOLE_SHARED ? 0 : 4;
}

START_TEST(test_refused)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(_i ? refused_later() : refused_from_the_beginning());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIP)
		printf("no filter can be set here: not looked at\n");
	else
		ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* --- threads that come at any moment of the first --- */

struct account {
	struct pmt_sole sole;
	_Atomic uint32_t lock;
	uint64_t sum;            /* plain: what is torn shows, under TSan at once */
	_Atomic uint64_t passed; /* sections of the first */
	_Atomic uint64_t alone_count;
	_Atomic uint32_t done_count; /* threads */
};

struct counter {
	pthread_t id;
	struct account *account;
	uint64_t begins_at; /* sections of the first */
	struct pmt_sole_thread self;
};

static void add_one(struct account *a, struct pmt_sole_thread *self)
{
	enum pmt_sole_way way;

	while ((way = pmt_sole_enter_self(&a->sole, self)) == PMT_SOLE_BUSY)
		;
	while (way == PMT_SOLE_SHARED && !pmt_cas32(&a->lock, 0, 1))
		sched_yield();
	a->sum++;
	if (way == PMT_SOLE_SHARED)
		pmt_store32_release(&a->lock, 0);
	else
		pmt_add_relaxed(&a->alone_count, 1);
	pmt_sole_leave_self(self, way);
}

static void *count(void *arg)
{
	struct counter *c = arg;

	while (pmt_load_acquire(&c->account->passed) < c->begins_at)
		;
	for (int i = 0; i < SECTIONS; i++)
		add_one(c->account, &c->self);
	pmt_add32_relaxed(&c->account->done_count, 1);
	return NULL;
}

/* The first goes on until the others are through: they come while it counts. */
static void play_round(void)
{
	struct account account = {0};
	struct counter counters[THREADS];
	struct pmt_sole_thread self = {0};
	uint64_t passed = 0, others = (uint64_t)SECTIONS * THREADS;

	memset(counters, 0, sizeof(counters));
	pmt_sole_open(&account.sole);
	for (int i = 0; i < THREADS; i++) {
		counters[i].account = &account;
		counters[i].begins_at = 1 + draw(SECTIONS);
		ck_assert_int_eq(
		    pthread_create(&counters[i].id, NULL, count, &counters[i]), 0);
	}
	while (passed < SECTIONS || pmt_load32_relaxed(&account.done_count) < THREADS) {
		add_one(&account, &self);
		pmt_store_release(&account.passed, ++passed);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(counters[i].id, NULL);
	if (account.sum != passed + others)
		ck_abort_msg("%llu of %llu were counted", (unsigned long long)account.sum,
			     (unsigned long long)(passed + others));
	/* Of the first alone, and one at least. */
	ck_assert_uint_ge(account.alone_count, 1);
	ck_assert_uint_le(account.alone_count, passed);
}

START_TEST(test_threads_come)
{
	begin_chance();
	for (int i = 0; i < ROUNDS; i++)
		play_round();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sole");
	TCase *tcase = tcase_create("sole");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_second_ends_it);
	tcase_add_test(tcase, test_first_does_not_go_on);
	tcase_add_test(tcase, test_first_finds_it_withdrawn);
	tcase_add_test(tcase, test_entry_of_the_dead);
	tcase_add_loop_test(tcase, test_refused, 0, 2);
	tcase_add_test(tcase, test_threads_come);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
