/*
 * How fast pymemtrace-report reads a large trace, and in how much memory: writes a trace
 * of known events into a temporary file, runs the report on it, and prints million
 * events a second, the CPU time of an event and the peak of the resident set.
 *
 *   report_speed REPORT [million events] [view...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/trace_writer.h"

enum {
	CHUNK_EVENTS = 60000,
	STREAMS = 4,
	FUNCTIONS = 300,
	CALLEES = 2, /* a function calls one of so many: some 8,000 call paths */
	DEPTH_MAX = 12,
};

struct thread {
	struct test_bytes records;
	uint64_t position; /* written to the file so far */
	uint64_t tick;
	uint32_t random;
	uint32_t path[DEPTH_MAX];
	unsigned depth;
};

static uint32_t next_random(struct thread *t)
{
	t->random = t->random * 1664525u + 1013904223u;
	return t->random >> 8;
}

/* The mix that the tracer writes: a clock every 16 events, objects in a third, malloc
 * and RSS in some. */
static void put_event(struct thread *t, uint64_t i)
{
	struct pmt_deltas d = {.allocated_bytes = 0};
	uint32_t random = next_random(t);
	uint64_t ticks = i % 16 == 0 ? 40 + i % 50 : 0;

	if (i % 3 == 0) {
		d.object_bytes = 56 + random % 200;
		d.object_count = 1 + random % 3;
	}
	if (i % 40 == 0) {
		d.allocated_bytes = d.freed_bytes = 1024 + random % 512;
		d.allocated_count = d.freed_count = 1;
	}
	if (i % 1000 == 0)
		d.rss_pages = (int64_t)(random % 9) - 4;
	t->tick += ticks;
	if (t->depth == 0 || (t->depth < DEPTH_MAX && random % 100 < 50)) {
		uint32_t caller = t->depth ? t->path[t->depth - 1] : 0;
		uint32_t callee = 1 + (caller * 7 + random % CALLEES * 31) % FUNCTIONS;

		test_put_enter(&t->records, PMT_OP_START, callee, ticks, &d);
		t->path[t->depth++] = callee;
	} else {
		test_put_leave(&t->records, PMT_OP_RETURN, ticks, &d);
		t->depth--;
	}
}

static void write_chunk(FILE *f, struct thread *t, uint32_t number)
{
	struct test_bytes chunk = {NULL, 0, 0};

	test_add_chunk_at(&chunk, number, &t->records, t->position, PMT_CODEC_LZ4,
			  t->tick);
	if (fwrite(chunk.bytes, 1, chunk.size, f) != chunk.size)
		abort();
	t->position += t->records.size;
	t->records.size = 0;
	test_bytes_close(&chunk);
}

static void write_trace(const char *path, uint64_t events)
{
	struct pmt_file_header h = test_file_header();
	static struct thread threads[STREAMS];
	FILE *f = fopen(path, "we");
	char name[32];

	if (!f || fwrite(&h, 1, sizeof(h), f) != sizeof(h))
		abort();
	for (uint32_t s = 0; s < STREAMS; s++) {
		threads[s].random = s * 77 + 1;
		threads[s].tick = 1000 + s;
		test_put_checkpoint(&threads[s].records, threads[s].tick, 0, 0);
		test_put_thread(&threads[s].records, 100 + s, s == 0, "worker");
	}
	for (uint32_t id = 1; id <= FUNCTIONS; id++) {
		snprintf(name, sizeof(name), "function_%u", id);
		test_put_code(&threads[0].records, id, "/app/module.py", id * 10, name);
	}
	for (uint64_t done = 0; done < events;) {
		for (uint32_t s = 0; s < STREAMS; s++) {
			for (int i = 0; i < CHUNK_EVENTS; i++)
				put_event(&threads[s], done++);
			write_chunk(f, &threads[s], s + 1);
		}
	}
	if (fclose(f) != 0)
		abort();
}

static void measure(char *report, char *view, char *path, double millions)
{
	struct rusage usage;
	struct timespec begin, end;
	char output[] = "--output=/dev/null";
	char *arguments[] = {report, view, path, output, NULL};
	int status;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid_t pid = fork();
	if (pid == 0) {
		execv(report, arguments);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) {
		fprintf(stderr, "%s %s failed\n", report, view);
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	double wall = (double)(end.tv_sec - begin.tv_sec) +
		      (double)(end.tv_nsec - begin.tv_nsec) * 1e-9;
	double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
	printf(
	    "%-10s %6.2f s  %5.1f million events/s  %5.1f ns CPU/event  %ld MiB peak\n",
	    view, wall, millions / wall, cpu * 1000 / millions, usage.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	char path[] = "/tmp/pymemtrace-bench-XXXXXX";
	double millions = argc > 2 ? strtod(argv[2], NULL) : 10;
	char summary[] = "summary", functions[] = "functions", tree[] = "tree";
	char *default_views[] = {summary, functions, tree};
	int fd;

	if (argc < 2 || millions <= 0 || (fd = mkstemp(path)) < 0) {
		fprintf(stderr,
			"usage: report_speed REPORT [million events] [view...]\n");
		return 2;
	}
	close(fd);
	write_trace(path, (uint64_t)(millions * 1e6));
	char **views = argc > 3 ? argv + 3 : default_views;
	int count = argc > 3 ? argc - 3 : 3;
	for (int i = 0; i < count; i++)
		measure(argv[1], views[i], path, millions);
	unlink(path);
	return 0;
}
