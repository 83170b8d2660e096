/*
 * Known allocations, for programs that load this by ctypes: what the trace must say is
 * added up here, with the sizes that malloc itself gives.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct known {
	uint64_t allocated_bytes;
	uint64_t allocated_count;
	uint64_t freed_bytes;
	uint64_t freed_count;
	uint64_t os_tid;
};

static void *take(struct known *k, void *p)
{
	if (!p)
		abort();
	k->allocated_bytes += malloc_usable_size(p);
	k->allocated_count++;
	return p;
}

static void give(struct known *k, void *p)
{
	k->freed_bytes += malloc_usable_size(p);
	k->freed_count++;
	free(p);
}

static void *resize(struct known *k, void *p, size_t size)
{
	k->freed_bytes += malloc_usable_size(p);
	k->freed_count++;
	return take(k, realloc(p, size));
}

/* Every function of the family, sizes from a few bytes to mmapped chunks. */
EXPORT void known_family(struct known *k, unsigned rounds)
{
	for (unsigned i = 1; i <= rounds; i++) {
		void *a = take(k, malloc(i * 37 % 5000));
		void *b = take(k, calloc(i % 50, 24));
		void *c = take(k, aligned_alloc(64, 64 * (i % 9 + 1)));
		void *d = NULL;

		if (posix_memalign(&d, 256, i))
			abort();
		take(k, d);
		a = resize(k, a, i * 101 % 9000 + 1);
		if (i % 16 == 0)
			a = resize(k, a, 300000 + i);
		give(k, a);
		give(k, b);
		give(k, c);
		if (i % 7)
			give(k, d); /* the others stay */
	}
}

/* Without zeroing by hand: fresh memory from the kernel that nobody touched. */
EXPORT void *known_calloc(size_t size)
{
	return calloc(1, size);
}

EXPORT void known_fill(void *p, size_t size)
{
	memset(p, 1, size);
}

EXPORT void known_free(void *p)
{
	free(p);
}

EXPORT size_t known_usable(void *p)
{
	return malloc_usable_size(p);
}

/* Maps a file and reads a byte of every page. */
EXPORT void *known_map(const char *path, size_t size)
{
	int fd = open(path, O_RDONLY);
	volatile const char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		abort();
	close(fd);
	for (size_t i = 0; i < size; i += 4096)
		(void)p[i];
	/* 8 MiB of cached file take less than the clock method's 100 us: what it promises
	 * is the caller's only when the call goes on for longer. */
	nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
	return (void *)(uintptr_t)p;
}

/* --- native threads ------------------------------------------------------------------
 */

enum { THREADS_MAX = 64 };

struct job {
	struct known known;
	unsigned rounds;
	unsigned seed;
};

static void *work(void *data)
{
	struct job *job = data;
	void *kept[16] = {NULL};
	unsigned x = job->seed;

	job->known.os_tid = (uint64_t)syscall(SYS_gettid);
	for (unsigned i = 0; i < job->rounds; i++) {
		x = x * 1103515245 + 12345;
		void **slot = &kept[x >> 8 & 15];

		if (*slot)
			give(&job->known, *slot);
		*slot = take(&job->known, malloc(x >> 16 & 1023));
	}
	for (unsigned i = 0; i < 16; i++)
		if (kept[i])
			give(&job->known, kept[i]);
	return NULL;
}

/* Runs count threads that allocate `rounds` times each and free all of it; what each did
 * is in known[]. */
EXPORT void known_threads(struct known *known, unsigned count, unsigned rounds)
{
	static struct job jobs[THREADS_MAX];
	pthread_t threads[THREADS_MAX];

	for (unsigned i = 0; i < count; i++) {
		jobs[i] = (struct job){.rounds = rounds, .seed = i + 1};
		if (pthread_create(&threads[i], NULL, work, &jobs[i]))
			abort();
	}
	for (unsigned i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		known[i] = jobs[i].known;
	}
}

/* --- the resident set ----------------------------------------------------------------
 */

static int statm_fd = -1;

/* Pages, by system calls alone: it takes no memory. */
EXPORT int64_t known_rss_pages(void)
{
	char text[128] = {0};
	int64_t value = 0;
	const char *p = text;

	if (statm_fd < 0)
		statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (pread(statm_fd, text, sizeof(text) - 1, 0) <= 0)
		abort();
	while (*p != ' ')
		p++;
	while (*++p >= '0' && *p <= '9')
		value = value * 10 + (*p - '0');
	return value;
}

/* A Py_tracefunc: the resident set at every call (0) and return (3), into memory that is
 * there already. PyEval_SetProfile's C interface is the same in all versions. */
enum { READINGS_MAX = 1 << 18 };
static int32_t readings[READINGS_MAX];
static uint32_t reading_count;

EXPORT void known_readings_prepare(void)
{
	memset(readings, 1, sizeof(readings));
	known_rss_pages();
	reading_count = 0;
}

EXPORT int known_profile(void *self, void *frame, int what, void *argument)
{
	(void)self, (void)frame, (void)argument;
	if ((what == 0 || what == 3) && reading_count < READINGS_MAX)
		readings[reading_count++] = (int32_t)known_rss_pages();
	return 0;
}

EXPORT uint32_t known_readings(const int32_t **ret_readings)
{
	*ret_readings = readings;
	return reading_count;
}
