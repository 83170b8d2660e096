/*
 * How fast pymemtrace-report reads a large trace, and in how much memory: writes a trace
 * of known events into a temporary file, runs the report on it, and prints million
 * events a second, the CPU time of an event and the peak of the resident set.
 *
 *   report_speed REPORT [million events] [view...]
 *   report_speed --blocks REPORT ...     allocations and frees with stacks: mode=allocs
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "format/payload_blocks.h"
#include "support/trace_writer.h"

enum {
	CHUNK_EVENTS = 60000,
	STREAMS = 4,
	FUNCTIONS = 300,
	CALLEES = 2, /* a function calls one of so many: some 8,000 call paths */
	DEPTH_MAX = 12,
	STACKS = 5000,
	LIVE_MAX = 50000, /* blocks of a thread */
	SAMPLE_EVERY = 50000,
};

struct thread {
	struct test_bytes records;
	uint64_t position; /* written to the file so far */
	uint64_t tick;
	uint32_t random;
	uint32_t path[DEPTH_MAX];
	unsigned depth;
	uint64_t live[LIVE_MAX];
	unsigned live_count;
	uint64_t address; /* of the last record */
	uint64_t fresh;   /* addresses below it were handed out */
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

static void put_alloc(struct thread *t, uint64_t ticks)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	uint64_t address = t->fresh += 16 + next_random(t) % 64 * 16;
	struct pmt_block_alloc alloc = {
	    .stack_id = 1 + next_random(t) % STACKS,
	    .requested_bytes = 1 + next_random(t) % 2000,
	    .address_step = (int64_t)(address - t->address),
	};

	alloc.usable_bytes = (alloc.requested_bytes + 23) / 16 * 16 + 8;
	uint8_t *end = pmt_payload_put_alloc(payload, &alloc);
	test_put_ext(&t->records, PMT_EXT_ALLOC, ticks, payload, (size_t)(end - payload));
	t->address = address;
	t->live[t->live_count++] = address;
}

static void put_free(struct thread *t, uint64_t ticks)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	uint64_t *taken = &t->live[next_random(t) % t->live_count];
	struct pmt_block_free release = {.address_step = (int64_t)(*taken - t->address)};
	uint8_t *end = pmt_payload_put_free(payload, &release);

	test_put_ext(&t->records, PMT_EXT_FREE, ticks, payload, (size_t)(end - payload));
	t->address = *taken;
	*taken = t->live[--t->live_count];
}

static void put_block_event(struct thread *t, uint64_t i)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	uint64_t ticks = i % 16 == 0 ? 40 + i % 50 : 0;

	t->tick += ticks;
	if (t->live_count == 0 || (t->live_count < LIVE_MAX && next_random(t) % 100 < 52))
		put_alloc(t, ticks);
	else
		put_free(t, ticks);
	if (i % SAMPLE_EVERY == 0) {
		struct pmt_sample sample = {.tick = t->tick, .rss_bytes = 100000000 + i};
		uint8_t *end = pmt_payload_put_sample(payload, &sample);

		test_put_ext(&t->records, PMT_EXT_SAMPLE, 0, payload,
			     (size_t)(end - payload));
	}
}

/* Each thread has its own: each stack is called by one of a lower number. */
static void put_stacks(struct thread *t)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];

	for (uint32_t id = 1; id <= STACKS; id++) {
		struct pmt_stack_def def = {.id = id,
					    .parent_id = id / 3,
					    .code_id = 1 + next_random(t) % FUNCTIONS};
		uint8_t *end = pmt_payload_put_stack(payload, &def);

		test_put_ext(&t->records, PMT_EXT_STACK, 0, payload,
			     (size_t)(end - payload));
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

static void write_trace(const char *path, uint64_t events, bool has_blocks)
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
	for (uint32_t s = 0; has_blocks && s < STREAMS; s++) {
		threads[s].fresh = (uint64_t)(s + 1) << 40;
		put_stacks(&threads[s]);
	}
	for (uint64_t done = 0; done < events;) {
		for (uint32_t s = 0; s < STREAMS; s++) {
			for (int i = 0; i < CHUNK_EVENTS; i++)
				if (has_blocks)
					put_block_event(&threads[s], done++);
				else
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
	char moment[] = "50%";
	bool is_at = strcmp(view, "at") == 0;
	char *arguments[] = {
	    report, view, output, is_at ? moment : path, is_at ? path : NULL, NULL};
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
	    "%-13s %6.2f s  %5.1f million events/s  %5.1f ns CPU/event  %ld MiB peak\n",
	    view, wall, millions / wall, cpu * 1000 / millions, usage.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	bool has_blocks = argc > 1 && strcmp(argv[1], "--blocks") == 0;
	char path[] = "/tmp/pymemtrace-bench-XXXXXX";

	argc -= has_blocks;
	argv += has_blocks;
	double millions = argc > 2 ? strtod(argv[2], NULL) : 10;
	char summary[] = "summary", functions[] = "functions", tree[] = "tree";
	char *default_views[] = {summary, functions, tree};
	int fd;

	if (argc < 2 || millions <= 0 || (fd = mkstemp(path)) < 0) {
		fprintf(
		    stderr,
		    "usage: report_speed [--blocks] REPORT [million events] [view...]\n");
		return 2;
	}
	close(fd);
	write_trace(path, (uint64_t)(millions * 1e6), has_blocks);
	char **views = argc > 3 ? argv + 3 : default_views;
	int count = argc > 3 ? argc - 3 : 3;
	for (int i = 0; i < count; i++)
		measure(argv[1], views[i], path, millions);
	unlink(path);
	return 0;
}
