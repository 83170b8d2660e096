/*
 * Takes random steps that make the resident set grow and shrink in every way the tracer
 * knows of, and after each compares the tracer's account with statm, read here anew: they
 * must be equal to the page. Needs libpmtprobe.so; exits with 77 where perf is refused.
 *
 *   rss_steps main|thread|user SEED STEPS
 *
 * thread: in a second thread, whose memory comes from another arena of glibc's. user: as
 * an ordinary user, whose kernel-mode faults perf does not show.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/probe.h"

enum { PAGE = 4096, KEPT = 48, FIRST_UID = 100000 };
enum { METHOD_EXACT = 1, METHOD_TRIGGER = 2 };

static unsigned long long state; /* of the random numbers */
static int statm_fd, zero_fd, sockets[2];
static void *kept[KEPT];
static struct {
	char *at;
	size_t pages;
} maps[KEPT];
static long wrong;

static unsigned random_below(unsigned limit)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(state >> 33) % limit;
}

static uint64_t true_pages(void)
{
	static char text[256];
	ssize_t got = pread(statm_fd, text, sizeof(text) - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	return strtoull(strchr(text, ' '), NULL, 10);
}

static void touch(char *at, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		((volatile char *)at)[i] = 1;
}

/* --- the steps: each takes a slot of its own kind --- */

static void step_malloc(unsigned i)
{
	static const unsigned sizes[] = {24, 500, 5000, 60000, 120000, 400000, 3000000};
	size_t size = sizes[random_below(7)];

	free(kept[i]);
	kept[i] = malloc(size);
	if (random_below(3))
		touch(kept[i], size);
}

static void step_free(unsigned i)
{
	free(kept[i]);
	kept[i] = NULL;
}

static void step_free_all(unsigned i)
{
	(void)i;
	for (int k = 0; k < KEPT; k++)
		step_free((unsigned)k);
}

static void step_realloc(unsigned i)
{
	size_t size = 1 + random_below(random_below(2) ? 600000 : 2000);

	kept[i] = realloc(kept[i], size);
	if (random_below(2))
		touch(kept[i], size);
}

static void step_calloc(unsigned i)
{
	free(kept[i]);
	kept[i] = calloc(1, 1 + random_below(300000));
}

static void step_memalign(unsigned i)
{
	free(kept[i]);
	kept[i] = memalign((size_t)64 << random_below(12), 1 + random_below(200000));
}

static void step_trim(unsigned i)
{
	(void)i;
	malloc_trim(random_below(100000));
}

static void step_map(unsigned i)
{
	static const int flags[] = {0, 0, 0, MAP_POPULATE, MAP_LOCKED};

	if (maps[i].at)
		munmap(maps[i].at, maps[i].pages * PAGE);
	maps[i].pages = 1 + random_below(64);
	maps[i].at = mmap(NULL, maps[i].pages * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | flags[random_below(5)], -1, 0);
	if (maps[i].at == MAP_FAILED) /* more locked memory than allowed */
		maps[i].at = NULL;
	else if (random_below(2))
		touch(maps[i].at, maps[i].pages * PAGE);
}

static void step_unmap(unsigned i)
{
	if (maps[i].at)
		munmap(maps[i].at, maps[i].pages * PAGE);
	maps[i].at = NULL;
}

static void step_replace(unsigned i)
{
	if (maps[i].at)
		mmap(maps[i].at, maps[i].pages * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void step_remap(unsigned i)
{
	size_t pages = 1 + random_below(64);

	if (!maps[i].at)
		return;
	maps[i].at =
	    mremap(maps[i].at, maps[i].pages * PAGE, pages * PAGE, MREMAP_MAYMOVE);
	maps[i].pages = pages;
	if (random_below(2))
		touch(maps[i].at, pages * PAGE);
}

static void step_advise(unsigned i)
{
	static const int advice[] = {MADV_DONTNEED, 22 /* POPULATE_READ */,
				     23 /* POPULATE_WRITE */};

	if (maps[i].at)
		madvise(maps[i].at, maps[i].pages * PAGE, advice[random_below(3)]);
}

static void step_lock(unsigned i)
{
	if (!maps[i].at)
		return;
	mlock(maps[i].at, maps[i].pages * PAGE);
	munlock(maps[i].at, maps[i].pages * PAGE);
}

/* Pages that the kernel writes first: as a reader, by vector, from a socket. */
static void step_read(unsigned i)
{
	size_t size = maps[i].pages * PAGE;
	struct iovec to = {maps[i].at, size};
	struct msghdr message = {.msg_iov = &to, .msg_iovlen = 1};
	static char data[64 * PAGE];
	ssize_t got = 0;

	if (!maps[i].at)
		return;
	switch (random_below(5)) {
	case 0:
		got = read(zero_fd, to.iov_base, size);
		break;
	case 1:
		got = pread(zero_fd, to.iov_base, size, 0);
		break;
	case 2:
		got = readv(zero_fd, &to, 1);
		break;
	case 3:
		if (send(sockets[0], data, size, 0) == (ssize_t)size)
			got = recv(sockets[1], to.iov_base, size, 0);
		break;
	default:
		if (send(sockets[0], data, size, 0) == (ssize_t)size)
			got = recvmsg(sockets[1], &message, 0);
		break;
	}
	if (got < 0)
		perror("read");
}

static void step_shared(unsigned i)
{
	static int id = -1;
	static char *at;

	(void)i;
	if (id < 0) {
		id = shmget(IPC_PRIVATE, 32 * PAGE, IPC_CREAT | 0600);
		at = shmat(id, NULL, 0);
		shmctl(id, IPC_RMID, NULL);
	} else if (random_below(2)) {
		touch(at, 32 * PAGE);
	} else {
		shmdt(at);
		id = -1;
	}
}

/* Only when no block of malloc's lies behind: the heap's end is then ours for a moment.
 */
static void step_break(unsigned i)
{
	char *end = sbrk(16 * PAGE);

	(void)i;
	touch(end, 16 * PAGE);
	sbrk(-16 * PAGE);
}

static const struct step {
	const char *name;
	void (*take)(unsigned slot);
} steps[] = {
    {"malloc", step_malloc},     {"malloc", step_malloc},   {"free", step_free},
    {"free", step_free},         {"realloc", step_realloc}, {"calloc", step_calloc},
    {"memalign", step_memalign}, {"trim", step_trim},       {"mmap", step_map},
    {"mmap", step_map},          {"munmap", step_unmap},    {"replace", step_replace},
    {"mremap", step_remap},      {"madvise", step_advise},  {"mlock", step_lock},
    {"read", step_read},         {"shm", step_shared},      {"sbrk", step_break},
    {"free all", step_free_all},
};

static void compare(const char *name, long step)
{
	uint64_t truth = true_pages(), said = probe_rss_pages();

	if (said == truth)
		return;
	if (wrong++ < 10)
		printf("step %ld, %s: %lld pages off\n", step, name,
		       (long long)(said - truth));
}

static void *take_steps(void *count)
{
	long end = (long)(intptr_t)count;
	unsigned method = probe_rss_begin();

	if (method != METHOD_EXACT && method != METHOD_TRIGGER)
		exit(77);
	for (int i = 0; i < 2000; i++) { /* until all code and stack pages are there */
		steps[random_below(sizeof(steps) / sizeof(*steps))].take(
		    random_below(KEPT));
		probe_rss_pages();
		true_pages();
	}
	for (long i = 0; i < end; i++) {
		const struct step *s =
		    &steps[random_below(sizeof(steps) / sizeof(*steps))];

		s->take(random_below(KEPT));
		compare(s->name, i);
	}
	printf("%s: %ld of %ld steps wrong\n",
	       method == METHOD_EXACT ? "exact" : "trigger", wrong, end);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t id;

	if (argc != 4 || !probe_begin)
		return 2;
	state = strtoull(argv[2], NULL, 10);
	void *count = (void *)(intptr_t)atol(argv[3]);
	statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
		return 3;
	int room = 1 << 20;
	setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setvbuf(stdout, NULL, _IONBF, 0);
	/* A user that nobody else is: perf's pages are counted for a user. */
	uid_t uid = FIRST_UID + (uid_t)getpid();
	if (strcmp(argv[1], "user") == 0 && (setgid(uid) != 0 || setuid(uid) != 0))
		return 77;
	probe_begin();
	if (strcmp(argv[1], "thread") == 0) {
		pthread_create(&id, NULL, take_steps, count);
		pthread_join(id, NULL);
	} else {
		take_steps(count);
	}
	return wrong ? 1 : 0;
}
