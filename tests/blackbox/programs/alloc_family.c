/*
 * Calls every function of the malloc family with arguments ordinary and strange and
 * prints what came of it: nothing that varies between runs, so that the output must be
 * the same with and without the tracer. With the test library and the independent counter
 * preloaded it also compares what both counted, and exits with 1 when they differ.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/probe.h"

/* Volatile: the compiler must neither see the sizes nor drop the calls. */
static volatile size_t zero = 0, small = 100, large = 1 << 20, huge = SIZE_MAX / 2;

static void say(const char *what, void *p)
{
	printf("%s: %s errno %d usable %zu\n", what, p ? "block" : "NULL", errno,
	       p ? malloc_usable_size(p) : 0);
	errno = 7; /* nobody may clear it, and success may not change it */
}

static bool all_are(const unsigned char *p, size_t size, unsigned char want)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != want)
			return false;
	return true;
}

static void plain_blocks(void)
{
	void *p;

	errno = 7;
	say("malloc(100)", p = malloc(small));
	free(p);
	say("malloc(0)", p = malloc(zero));
	free(p);
	say("malloc(1M)", p = malloc(large));
	free(p);
	say("malloc(huge)", malloc(huge));
	say("calloc(100, 1)", p = calloc(small, 1));
	printf("zeroed: %d\n", all_are(p, small, 0));
	free(p);
	say("calloc(0, 5)", p = calloc(zero, 5));
	free(p);
	say("calloc overflow", calloc(huge, 4));
	say("calloc(1M, 1)", p = calloc(large, 1));
	printf("zeroed: %d\n", all_are(p, large, 0));
	free(p);
	free(NULL);
	say("free(NULL)", NULL);
	p = strdup("a string");
	say("strdup", p);
	free(p);
}

static void resized_blocks(void)
{
	unsigned char *p, *q;

	errno = 7;
	say("realloc(NULL, 100)", p = realloc(NULL, small));
	memset(p, 'x', small);
	say("realloc(p, 1M)", p = realloc(p, large));
	printf("kept: %d\n", all_are(p, small, 'x'));
	say("realloc(p, 4M)", p = realloc(p, large * 4));
	printf("kept: %d\n", all_are(p, small, 'x'));
	say("realloc(p, huge)", q = realloc(p, huge));
	printf("failed and kept: %d\n", !q && all_are(p, small, 'x'));
	say("realloc(p, 10)", p = realloc(p, 10));
	printf("kept: %d\n", all_are(p, 10, 'x'));
	say("realloc(p, 0)", q = realloc(p, zero));
	free(q);
	say("realloc(NULL, 0)", p = realloc(NULL, zero));
	free(p);
	say("reallocarray(NULL, 10, 10)", p = reallocarray(NULL, 10, 10));
	memset(p, 'y', 100);
	say("reallocarray(p, 100, 100)", p = reallocarray(p, small, 100));
	printf("kept: %d\n", all_are(p, 100, 'y'));
	say("reallocarray overflow", q = reallocarray(p, huge, 4));
	printf("failed and kept: %d\n", !q && all_are(p, 100, 'y'));
	free(q ? q : p);
}

/* Without the usable size: it depends on where the heap happens to lie. */
static void say_aligned(const char *what, void *p, size_t align)
{
	printf("%s: %s errno %d aligned %d\n", what, p ? "block" : "NULL", errno,
	       (uintptr_t)p % align == 0);
	errno = 7;
	if (p)
		memset(p, 1, malloc_usable_size(p));
	free(p);
}

static void aligned_blocks(bool with_pvalloc)
{
	void *p = &p;
	void *const untouched = p;

	errno = 7;
	printf("posix_memalign(64): %d\n", posix_memalign(&p, 64, small));
	say_aligned("posix_memalign(64)", p, 64);
	p = untouched;
	printf("posix_memalign(3): %d %d\n", posix_memalign(&p, 3, small) == EINVAL,
	       p == untouched);
	printf("posix_memalign(huge): %d\n", posix_memalign(&p, 64, huge) == ENOMEM);
	errno = 7; /* glibc says it there as well */
	printf("posix_memalign(0 bytes): %d\n", posix_memalign(&p, 64, zero));
	free(p);
	say_aligned("aligned_alloc(256)", aligned_alloc(256, 512), 256);
	say_aligned("memalign(4096)", memalign(4096, small), 4096);
	say_aligned("memalign(1M)", memalign(large, large), large);
	say("memalign(huge)", memalign(64, huge));
	say_aligned("valloc", valloc(small), 4096);
	if (with_pvalloc) /* glibc's would give jemalloc a block that is not its own */
		say_aligned("pvalloc", pvalloc(small), 4096);
	printf("malloc_usable_size(NULL): %zu\n", malloc_usable_size(NULL));
}

static void mappings(void)
{
	char name[] = "/tmp/alloc_family.XXXXXX";
	int fd = mkstemp(name);
	char *p, *q;

	unlink(name);
	errno = 7;
	printf("ftruncate: %d\n", ftruncate(fd, 65536));
	p = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("mmap: %d errno %d\n", p != MAP_FAILED, errno);
	memset(p, 1, 10000);
	q = mremap(p, 12288, 40960, MREMAP_MAYMOVE);
	printf("mremap: %d kept %d\n", q != MAP_FAILED, q[9999] == 1 && q[12288] == 0);
	printf("munmap: %d\n", munmap(q, 40960));
	p = mmap(NULL, 65536, PROT_READ, MAP_SHARED, fd, 0);
	printf("mmap file: %d %d\n", p != MAP_FAILED, madvise(p, 65536, MADV_WILLNEED));
	printf("munmap file: %d\n", munmap(p, 65536));
	p = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("mmap(0): %d errno %d\n", p == MAP_FAILED, errno);
	errno = 7;
	int err = munmap((char *)1, 4096);
	printf("munmap odd: %d errno %d\n", err, errno);
	p = mmap64(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 4096);
	printf("mmap64: %d %d\n", p != MAP_FAILED, munmap(p, 4096));
	close(fd);
}

/* The heap's end moves: only for programs whose malloc does not use it meanwhile. */
static void heap_end(void)
{
	char *p = sbrk(0);

	printf("sbrk up: %d\n", sbrk(8192) == p);
	printf("sbrk down: %d\n", sbrk(-8192) == p + 8192);
	printf("brk: %d %d %d\n", brk(p + 4096), brk(p), sbrk(0) == p);
}

static void shared_memory(void)
{
	int id = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600);
	char *p = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

	printf("shmat: %d\n", p != (char *)-1);
	if (p != (char *)-1)
		printf("shmdt: %d\n", shmdt(p));
	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
}

/* --- many threads, their destructors, signals, children --- */

enum { THREADS = 8, PAIRS = 100000, KEPT = 64 };

static pthread_key_t key;

static void free_late(void *p)
{
	free(p);
	free(malloc(small)); /* the tracer's own state must still be there */
}

/* What C++ registers destructors of thread_local objects with. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*): glibc's own name */
int __cxa_thread_atexit_impl(void (*function)(void *), void *object, void *dso)
    __attribute__((weak));

static void *churn(void *seed)
{
	unsigned state = (unsigned)(uintptr_t)seed;
	void *kept[KEPT] = {NULL};

	pthread_setspecific(key, malloc(small));
	if (__cxa_thread_atexit_impl)
		__cxa_thread_atexit_impl(free_late, malloc(small), &key);
	for (int i = 0; i < PAIRS; i++) {
		state = state * 1103515245u + 12345u;
		void **slot = &kept[state / 65536 % KEPT];
		free(*slot);
		*slot = malloc(state / 4096 % 3000);
	}
	for (int i = 0; i < KEPT; i++)
		free(kept[i]);
	return malloc(small); /* freed by another thread */
}

static void threads(void)
{
	pthread_t ids[THREADS];
	void *given;

	pthread_key_create(&key, free_late);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&ids[i], NULL, churn, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++) {
		pthread_join(ids[i], &given);
		free(given);
	}
	printf("threads done\n");
}

static volatile sig_atomic_t handled;

/* Not allowed, but seen in the wild: allocating in a handler. It interrupts this program
 * where no allocator is under way. */
static void on_signal(int sig)
{
	(void)sig;
	free(malloc(small));
	handled++;
}

static void signals_and_children(void)
{
	int status;
	pid_t pid;

	signal(SIGUSR1, on_signal);
	for (int i = 0; i < 100; i++)
		raise(SIGUSR1);
	printf("handled %d\n", (int)handled);

	pid = fork();
	if (pid == 0) {
		void *p = malloc(small);
		free(realloc(p, large));
		_exit(p ? 3 : 4);
	}
	waitpid(pid, &status, 0);
	printf("fork child: %d\n", WEXITSTATUS(status));
	pid = vfork();
	if (pid == 0) {
		/* In the parent's memory, on its stack, as posix_spawn's helpers do. */
		void *p = malloc(small);
		free(realloc(p, large));
		if (!p)
			_exit(126);
		execl("/bin/sh", "sh", "-c", "exit 5", (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	printf("vfork child: %d\n", WEXITSTATUS(status));
}

/* --- what was counted --- */

static void show(const char *who, const struct counted *c)
{
	fprintf(stderr, "%s: %llu bytes in %llu, %llu in %llu, %lld, %lld\n", who,
		(unsigned long long)c->allocated_bytes,
		(unsigned long long)c->allocated_count,
		(unsigned long long)c->freed_bytes, (unsigned long long)c->freed_count,
		(long long)c->mapped_bytes, (long long)c->file_mapped_bytes);
}

static int compare_counts(void)
{
	struct counted ours, theirs;

	if (!probe_read)
		return 0;
	probe_read(&ours);
	show("tracer", &ours);
	if (!count_read)
		return 0;
	count_read(&theirs);
	show("counter", &theirs);
	return ours.allocated_count == 0 || memcmp(&ours, &theirs, sizeof(ours)) != 0;
}

int main(int argc, char **argv)
{
	const char *allocator = argc > 1 ? argv[1] : "glibc";

	setvbuf(stdout, NULL, _IONBF, 0);
	free(malloc(small)); /* an allocator may set itself up, and errno, in its first */
	if (count_begin)
		count_begin();
	if (probe_begin)
		probe_begin();
	plain_blocks();
	resized_blocks();
	aligned_blocks(strcmp(allocator, "jemalloc") != 0);
	threads();
	signals_and_children();
	mappings();
	int status = compare_counts();
	if (strcmp(allocator, "tcmalloc") != 0)
		heap_end();
	shared_memory();
	return status;
}
