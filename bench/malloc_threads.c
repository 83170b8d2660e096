/*
 * Threads that do nothing but malloc and free: a library that
 * bench/workloads/storm_threads.py opens, so that the tracer of the Python process sees
 * them. Each keeps 64 blocks of its own of 16 to 512 bytes.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/attr.h"

enum { THREADS_MAX = 64, LIVE = 64 };

PMT_EXPORT int malloc_threads(int threads, long pairs);

static void *storm(void *argument)
{
	const long *pairs = argument;
	void *live[LIVE] = {NULL};

	for (long i = 0; i < *pairs; i++) {
		free(live[i % LIVE]);
		live[i % LIVE] = malloc((size_t)(16 + i * 7 % 497));
	}
	for (int i = 0; i < LIVE; i++)
		free(live[i]);
	return NULL;
}

int malloc_threads(int threads, long pairs)
{
	pthread_t running[THREADS_MAX];
	int failed = threads > THREADS_MAX, started = 0;

	while (!failed && started < threads) {
		failed = pthread_create(&running[started], NULL, storm, &pairs) != 0;
		started += !failed;
	}
	while (started-- > 0)
		pthread_join(running[started], NULL);
	return failed;
}
