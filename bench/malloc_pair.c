/*
 * What the wrappers add to malloc and free. Runs itself again and again, by turns plain,
 * with the library passing through, and with it counting, so that a machine that changes
 * speed hits all three; prints the least and the median of the rounds in CPU nanoseconds.
 *
 *   malloc_pair LIBRARY [rounds]     LIBRARY: libpmtprobe.so, the wrappers for tests
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS = 1000000, CHUNKS = 4096, ROUNDS_MAX = 101, REPEATS = 5 };
enum way { PLAIN, PASSING, COUNTING, WAYS };
enum work { PAIR, MIX, GROW, IN_THREAD, WORKS };

static const char *const way_names[WAYS] = {"plain", "passing", "counting"};
static const char *const work_names[WORKS] = {"pair of 64 B", "mix of 4096 blocks",
					      "realloc step", "pair in a thread"};

/* In libpmtprobe.so; not there in a plain run. */
void probe_begin(void) __attribute__((weak));

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The compiler must not know what becomes of a block. */
static void *use(void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

static double pair(void)
{
	double start = now_ns();

	for (int i = 0; i < PAIRS; i++)
		free(use(malloc(64)));
	return (now_ns() - start) / PAIRS;
}

static double mix(void)
{
	static void *chunks[CHUNKS];
	unsigned state = 1;
	double start = now_ns();

	for (int i = 0; i < PAIRS; i++) {
		state = state * 1103515245u + 12345u;
		void **slot = &chunks[state / 65536 % CHUNKS];
		free(*slot);
		*slot = use(malloc(16 + state / 256 % 1000));
	}
	double ns = (now_ns() - start) / PAIRS;
	for (int i = 0; i < CHUNKS; i++) {
		free(chunks[i]);
		chunks[i] = NULL;
	}
	return ns;
}

static double grow(void)
{
	enum { STEPS = 32 };
	double start = now_ns();

	for (int i = 0; i < PAIRS / STEPS; i++) {
		void *p = NULL;

		for (size_t step = 1; step <= STEPS; step++)
			p = use(realloc(p, step * 32));
		free(p);
	}
	return (now_ns() - start) / PAIRS;
}

static void *pair_in_thread(void *ret_ns)
{
	*(double *)ret_ns = pair();
	return NULL;
}

static double in_thread(void)
{
	pthread_t id;
	double ns = 0;

	if (pthread_create(&id, NULL, pair_in_thread, &ns) == 0)
		pthread_join(id, NULL);
	return ns;
}

/* The measured process: prints the least of each workload. */
static int measure(void)
{
	static double (*const works[WORKS])(void) = {pair, mix, grow, in_thread};

	if (probe_begin && getenv("MALLOC_PAIR_COUNTS"))
		probe_begin();
	for (int w = 0; w < WORKS; w++) {
		double least = 1e9;

		for (int i = 0; i < REPEATS; i++) {
			double ns = works[w]();
			if (ns < least)
				least = ns;
		}
		printf("%.3f\n", least);
	}
	return 0;
}

static int run(const char *self, const char *library, enum way way, double *ret_ns)
{
	char command[4096];

	snprintf(command, sizeof(command), "%s%s%s '%s' - measure",
		 way == COUNTING ? "MALLOC_PAIR_COUNTS=1 " : "",
		 way == PLAIN ? "" : "LD_PRELOAD=", way == PLAIN ? "" : library, self);
	FILE *pipe = popen(command, "r");
	int got = 0;
	while (pipe && got < WORKS && fscanf(pipe, "%lf", &ret_ns[got]) == 1)
		got++;
	return pipe && pclose(pipe) == 0 && got == WORKS ? 0 : -1;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double ns[WAYS][WORKS][ROUNDS_MAX];

	if (argc > 2 && strcmp(argv[2], "measure") == 0)
		return measure();
	int rounds = argc > 2 ? atoi(argv[2]) : 15;
	if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: malloc_pair LIBRARY [rounds]\n");
		return 2;
	}
	for (int round = 0; round < rounds; round++)
		for (int way = 0; way < WAYS; way++) {
			double one[WORKS];

			if (run(argv[0], argv[1], (enum way)way, one) != 0)
				return 1;
			for (int w = 0; w < WORKS; w++)
				ns[way][w][round] = one[w];
		}
	printf("%-20s", "ns, least (median)");
	for (int way = 0; way < WAYS; way++)
		printf("%18s", way_names[way]);
	printf("\n");
	for (int w = 0; w < WORKS; w++) {
		printf("%-20s", work_names[w]);
		for (int way = 0; way < WAYS; way++) {
			double *all = ns[way][w];

			qsort(all, (size_t)rounds, sizeof(*all), compare);
			printf("%9.1f (%6.1f)", all[0], all[rounds / 2]);
		}
		printf("\n");
	}
	return 0;
}
