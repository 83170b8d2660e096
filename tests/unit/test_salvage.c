/*
 * Ring and trace together: what a killed process left behind is joined without a gap and
 * without a repeat, whatever the drain had done; rings of others, closed and broken ones
 * are told apart; a living one can be looked at.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "reader/cursor.h"
#include "reader/trace.h"
#include "support/events.h"
#include "support/run_suite.h"
#include "support/trace_writer.h"

enum { DATA_BYTES = 256 };

/* A stream of short records; the boundaries between them are in `at`. */
struct known_stream {
	struct test_bytes bytes;
	size_t at[512];
	unsigned count; /* of records */
};

static void build_stream(struct known_stream *s, unsigned count)
{
	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < count; i++) {
		s->at[i] = s->bytes.size;
		if (i == 0)
			test_put_checkpoint(&s->bytes, 1000, 0, 0);
		else if (i & 1)
			test_put_enter(&s->bytes, PMT_OP_START, i * 3, i * 100, NULL);
		else
			test_put_leave(&s->bytes, PMT_OP_RETURN, 1, NULL);
	}
	s->at[count] = s->bytes.size;
	s->count = count;
}

/* The trace of stream 0, which names the ring. */
static void begin_trace(struct test_bytes *trace, const struct pmt_file_header *h,
			const char *ring_path)
{
	struct test_bytes s0 = {NULL, 0, 0};

	test_add_header(trace, h);
	test_put_checkpoint(&s0, 900, 0, 0);
	test_put_info(&s0, "ring", ring_path);
	test_add_stream(trace, 0, &s0, PMT_CODEC_NONE);
	test_bytes_close(&s0);
}

static struct pmt_trace *open_path(const char *path,
				   const struct pmt_trace_options *options)
{
	struct pmt_problem problem;
	struct pmt_trace *trace = pmt_trace_open(path, options, &problem);

	ck_assert_msg(trace != NULL, "%s", problem.text);
	return trace;
}

static const char *ring_name(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/ring", test_folder());
	return path;
}

/* Events of stream 1 when all of it is in the trace. */
static char *whole_text(const struct known_stream *s, uint64_t upto)
{
	struct pmt_file_header h = test_file_header();
	struct test_bytes trace = {NULL, 0, 0};

	begin_trace(&trace, &h, "");
	if (upto)
		test_add_chunk(&trace, 1, &s->bytes, 0, upto, PMT_CODEC_NONE, 0);
	struct pmt_trace *t = open_path(test_write_file("whole.bin", &trace), NULL);
	char *text = test_events_text(t, 1);
	pmt_trace_close(t);
	test_bytes_close(&trace);
	return text;
}

/* Trace holds [0, written), ring says [tail, head). */
static struct pmt_trace *open_killed(const struct known_stream *s, size_t written,
				     size_t tail, size_t head, uint32_t state,
				     uint32_t closed)
{
	struct pmt_file_header h = test_file_header();
	struct test_bytes trace = {NULL, 0, 0}, ring = {NULL, 0, 0};
	struct test_slot slots[] = {
	    {.state = PMT_SLOT_FREE, .stream = 7, .tail = 3, .head = 90},
	    {state, 1, tail, head, &s->bytes, 0},
	};

	begin_trace(&trace, &h, ring_name());
	if (written)
		test_add_chunk(&trace, 1, &s->bytes, 0, written, PMT_CODEC_LZ4, 2000);
	test_add_ring(&ring, &h, "/no/such/trace", DATA_BYTES, slots, 2, closed);
	test_write_file("ring", &ring);
	struct pmt_trace *t = open_path(test_write_file("killed.bin", &trace), NULL);
	test_bytes_close(&trace);
	test_bytes_close(&ring);
	return t;
}

static void check_text(struct pmt_trace *trace, const char *expected)
{
	char *found = test_events_text(trace, 1);

	ck_assert_msg(strcmp(found, expected) == 0, "expected:\n%sfound:\n%s", expected,
		      found);
	free(found);
}

/* Every state a kill can leave: tail behind, at or (never) beyond what was written. */
START_TEST(ring_and_trace_join)
{
	struct known_stream s;

	build_stream(&s, 200);
	size_t head = s.bytes.size;
	char *expected = whole_text(&s, head);
	for (unsigned i = 1; i < s.count; i++) {
		if (head - s.at[i] > DATA_BYTES)
			continue;
		for (unsigned overlap = 0; overlap < 20 && overlap <= i; overlap += 3) {
			size_t tail = s.at[i - overlap];
			if (head - tail > DATA_BYTES)
				break;
			uint32_t state = overlap & 1 ? PMT_SLOT_DEAD : PMT_SLOT_ACTIVE;
			struct pmt_trace *t =
			    open_killed(&s, s.at[i], tail, head, state, 0);
			ck_assert_int_eq(pmt_trace_ring(t)->state, PMT_RING_SALVAGED);
			ck_assert_uint_eq(pmt_trace_ring(t)->bytes, head - s.at[i]);
			ck_assert_uint_eq(pmt_trace_missing_bytes(t), 0);
			ck_assert_uint_eq(pmt_trace_problem_count(t), 0);
			ck_assert_uint_eq(pmt_trace_stream_count(t), 2);
			check_text(t, expected);
			pmt_trace_close(t);
		}
	}
	free(expected);
	test_bytes_close(&s.bytes);
}
END_TEST

/* The drain never wrote the thread's first bytes, but its tail moved: a gap, said. */
START_TEST(gap_between_trace_and_ring_is_said)
{
	struct known_stream s;

	build_stream(&s, 60);
	struct pmt_trace *t =
	    open_killed(&s, s.at[10], s.at[20], s.bytes.size, PMT_SLOT_ACTIVE, 0);
	ck_assert_uint_eq(pmt_trace_missing_bytes(t), s.at[20] - s.at[10]);
	char *text = test_events_text(t, 1);
	ck_assert_ptr_nonnull(strstr(text, "gap"));
	free(text);
	pmt_trace_close(t);
	test_bytes_close(&s.bytes);
}
END_TEST

START_TEST(closed_ring_is_not_used)
{
	struct known_stream s;

	build_stream(&s, 60);
	struct pmt_trace *t =
	    open_killed(&s, s.at[10], s.at[10], s.bytes.size, PMT_SLOT_ACTIVE, 1);
	ck_assert_int_eq(pmt_trace_ring(t)->state, PMT_RING_CLOSED);
	ck_assert_uint_eq(pmt_trace_ring(t)->bytes, 0);
	char *expected = whole_text(&s, s.at[10]);
	check_text(t, expected);
	free(expected);
	pmt_trace_close(t);
	test_bytes_close(&s.bytes);
}
END_TEST

enum foreign { RUN, PID, START, GENERATION, FOREIGN_COUNT };

START_TEST(ring_of_another_process_is_not_used)
{
	struct pmt_file_header h = test_file_header(), other = h;
	struct known_stream s;
	struct test_bytes trace = {NULL, 0, 0}, ring = {NULL, 0, 0};

	build_stream(&s, 30);
	struct test_slot slot = {PMT_SLOT_ACTIVE, 1, 0, s.at[20], &s.bytes, 0};
	other.run_id[15] ^= _i == RUN;
	other.pid ^= _i == PID;
	other.process_start ^= _i == START;
	other.generation ^= _i == GENERATION;
	test_file_header_seal(&other);
	begin_trace(&trace, &h, ring_name());
	test_add_ring(&ring, &other, "/no/such/trace", DATA_BYTES, &slot, 1, 0);
	test_write_file("ring", &ring);
	struct pmt_trace *t = open_path(test_write_file("mine.bin", &trace), NULL);
	ck_assert_int_eq(pmt_trace_ring(t)->state, PMT_RING_FOREIGN);
	ck_assert_ptr_null(pmt_trace_find_stream(t, 1));
	pmt_trace_close(t);
	test_bytes_close(&trace);
	test_bytes_close(&ring);
	test_bytes_close(&s.bytes);
}
END_TEST

/* Killed before the first chunk was written: the ring is found by its usual name. */
START_TEST(unnamed_ring_beside_the_trace)
{
	struct pmt_file_header h = test_file_header();
	struct known_stream s;
	struct test_bytes trace = {NULL, 0, 0}, ring = {NULL, 0, 0};

	build_stream(&s, 30);
	struct test_slot slot = {PMT_SLOT_ACTIVE, 1, 0, s.at[20], &s.bytes, 0};
	test_add_header(&trace, &h);
	test_add_ring(&ring, &h, "/no/such/trace", DATA_BYTES, &slot, 1, 0);
	test_write_file("early.bin.ring", &ring);
	struct pmt_trace *t = open_path(test_write_file("early.bin", &trace), NULL);
	ck_assert_int_eq(pmt_trace_ring(t)->state, PMT_RING_SALVAGED);
	char *expected = whole_text(&s, s.at[20]);
	check_text(t, expected);
	free(expected);
	pmt_trace_close(t);

	struct pmt_trace_options options = {.no_ring = true};
	t = open_path(test_write_file("early.bin", &trace), &options);
	ck_assert_int_eq(pmt_trace_ring(t)->state, PMT_RING_IGNORED);
	ck_assert_uint_eq(pmt_trace_stream_count(t), 0);
	pmt_trace_close(t);
	test_bytes_close(&trace);
	test_bytes_close(&ring);
	test_bytes_close(&s.bytes);
}
END_TEST

/* The ring opened by its own name: with the trace that it names, or alone. */
START_TEST(ring_opened_by_name)
{
	struct pmt_file_header h = test_file_header();
	struct known_stream s;
	struct test_bytes trace = {NULL, 0, 0}, ring = {NULL, 0, 0};
	char trace_path[128];

	build_stream(&s, 40);
	struct test_slot slot = {PMT_SLOT_ACTIVE, 1, s.at[10], s.at[30], &s.bytes, 0};
	snprintf(trace_path, sizeof(trace_path), "%s/named.bin", test_folder());
	test_add_ring(&ring, &h, trace_path, DATA_BYTES, &slot, 1, 0);
	const char *ring_path = test_write_file("named.ring", &ring);
	struct pmt_trace *t = open_path(ring_path, NULL);
	ck_assert_str_eq(pmt_trace_path(t), ring_path);
	ck_assert_uint_eq(pmt_trace_header(t)->pid, h.pid);
	ck_assert_uint_eq(pmt_trace_missing_bytes(t), s.at[10]);
	pmt_trace_close(t);

	begin_trace(&trace, &h, "/somewhere/else");
	test_add_chunk(&trace, 1, &s.bytes, 0, s.at[10], PMT_CODEC_LZ4, 0);
	test_write_file("named.bin", &trace);
	t = open_path(ring_path, NULL);
	ck_assert_str_eq(pmt_trace_path(t), trace_path);
	ck_assert_uint_eq(pmt_trace_missing_bytes(t), 0);
	char *expected = whole_text(&s, s.at[30]);
	check_text(t, expected);
	free(expected);
	pmt_trace_close(t);

	/* A ring that names itself as its trace. */
	struct pmt_problem problem;
	test_bytes_close(&ring);
	test_add_ring(&ring, &h, ring_path, DATA_BYTES, &slot, 1, 0);
	test_write_file("named.ring", &ring);
	ck_assert_ptr_null(pmt_trace_open(ring_path, NULL, &problem));
	ck_assert_int_eq(problem.kind, PMT_PROBLEM_DAMAGED);
	test_bytes_close(&trace);
	test_bytes_close(&ring);
	test_bytes_close(&s.bytes);
}
END_TEST

/* Rings that cannot be right; each must leave the trace readable and be said. */
START_TEST(broken_rings)
{
	struct pmt_file_header h = test_file_header();
	struct known_stream s;
	struct test_bytes trace = {NULL, 0, 0}, ring = {NULL, 0, 0};

	build_stream(&s, 40);
	struct test_slot slot = {PMT_SLOT_ACTIVE, 1, 0, s.at[20], &s.bytes, 0};
	test_add_ring(&ring, &h, "/no/such/trace", DATA_BYTES, &slot, 1, 0);
	struct pmt_ring_header *header = (struct pmt_ring_header *)ring.bytes;
	struct pmt_ring_slot *control =
	    (struct pmt_ring_slot *)(ring.bytes + PMT_RING_CONTROL_BYTES);
	switch (_i) {
	case 0:
		ring.size = 100;
		break;
	case 1:
		header->magic[3] = 'X';
		break;
	case 2:
		header->version = 2;
		break;
	case 3:
		header->slot_data_bytes = 100;
		break;
	case 4:
		header->slot_control_bytes = 64;
		break;
	case 5:
		header->file.crc ^= 1;
		break;
	case 6:
		control->head = DATA_BYTES + 1;
		break;
	case 7:
		control->tail = control->head + 1;
		break;
	case 8: /* cut inside the slot's data */
		ring.size = PMT_RING_CONTROL_BYTES * 2 + s.at[10];
		break;
	case 9:
		header->slot_count = PMT_RING_SLOTS_MAX + 1;
		break;
	}
	begin_trace(&trace, &h, ring_name());
	test_write_file("ring", &ring);
	struct pmt_trace *t = open_path(test_write_file("broken.bin", &trace), NULL);
	ck_assert_uint_eq(pmt_trace_problem_count(t), 1);
	ck_assert_str_eq(pmt_trace_problem(t, 0)->path, ring_name());
	char *text = test_events_text(t, 0);
	ck_assert(strlen(text) > 0);
	free(text);
	if (_i <= 5)
		ck_assert_int_eq(pmt_trace_ring(t)->state, PMT_RING_BAD);
	ck_assert_int_eq(pmt_trace_find_stream(t, 1) != NULL, _i == 9);
	pmt_trace_close(t);
	test_bytes_close(&trace);
	test_bytes_close(&ring);
	test_bytes_close(&s.bytes);
}
END_TEST

/* A process that lives: this one, as its header says. */
static struct pmt_file_header own_header(void)
{
	struct pmt_file_header h = test_file_header();
	char stat[1024] = "";
	FILE *f = fopen("/proc/self/stat", "re");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(stat, 1, sizeof(stat) - 1, f), 0);
	fclose(f);
	h.pid = (uint32_t)getpid();
	ck_assert_int_eq(sscanf(strrchr(stat, ')'),
				") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
				"%*d %*d %*d %*d %*d %*d %lu",
				&h.process_start),
			 1);
	test_file_header_seal(&h);
	return h;
}

/* A tracer in miniature: one slot, its producer and its drain. */
struct miniature {
	struct pmt_ring_slot *slot;
	uint8_t *data;
	int trace_fd;
	uint64_t head;
	uint64_t tail;
};

static bool push(struct miniature *m, const struct test_bytes *record)
{
	uint64_t at = m->head & (DATA_BYTES - 1);
	uint64_t pad = at + record->size > DATA_BYTES ? DATA_BYTES - at : 0;

	if (m->head + pad + record->size - m->tail > DATA_BYTES)
		return false;
	memset(m->data + at, PMT_RING_FILLER, pad);
	m->head += pad;
	memcpy(m->data + (m->head & (DATA_BYTES - 1)), record->bytes, record->size);
	m->head += record->size;
	pmt_store_release(&m->slot->head, m->head);
	return true;
}

static void drain(struct miniature *m)
{
	struct test_bytes chunk = {NULL, 0, 0};
	struct test_bytes data = {m->data, DATA_BYTES, 0};
	uint64_t at = m->tail & (DATA_BYTES - 1);
	uint64_t size = m->head - m->tail;

	if (size > DATA_BYTES - at)
		size = DATA_BYTES - at;
	if (size == 0)
		return;
	test_add_chunk(&chunk, 1, &data, at, at + size, PMT_CODEC_NONE, 0);
	struct pmt_chunk_header h;
	memcpy(&h, chunk.bytes, sizeof(h));
	h.from = m->tail;
	h.to = m->tail + size;
	h.header_crc = pmt_crc32c(0, &h, sizeof(h) - sizeof(h.header_crc));
	memcpy(chunk.bytes, &h, sizeof(h));
	if (write(m->trace_fd, chunk.bytes, chunk.size) != (ssize_t)chunk.size)
		_exit(1);
	m->tail += size;
	pmt_store_release(&m->slot->tail, m->tail);
	test_bytes_close(&chunk);
}

enum { CALLS = 10000 };

/* Counts calls up, says so at the first one, and waits to be killed. */
static void produce(struct miniature *m, int ready_fd)
{
	struct test_bytes record = {NULL, 0, 0};

	test_put_checkpoint(&record, 1000, 0, 0);
	push(m, &record);
	for (uint32_t i = 0; i < CALLS; i++) {
		record.size = 0;
		test_put_enter(&record, PMT_OP_START, i, 1, NULL);
		while (!push(m, &record))
			drain(m);
		if (i % 37 == 5)
			drain(m);
		if (i == 0 && write(ready_fd, "r", 1) != 1)
			_exit(1);
	}
	for (;;)
		pause();
}

static struct miniature make_miniature(const char *trace_path, const char *ring_path)
{
	struct pmt_file_header h = own_header();
	struct test_bytes trace = {NULL, 0, 0}, ring = {NULL, 0, 0};
	struct test_slot slot = {.state = PMT_SLOT_ACTIVE, .stream = 1};
	struct miniature m = {.head = 0};

	begin_trace(&trace, &h, ring_path);
	test_add_ring(&ring, &h, trace_path, DATA_BYTES, &slot, 1, 0);
	m.trace_fd = open(trace_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	int fd = open(ring_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (write(m.trace_fd, trace.bytes, trace.size) != (ssize_t)trace.size ||
	    write(fd, ring.bytes, ring.size) != (ssize_t)ring.size)
		_exit(1);
	uint8_t *at = mmap(NULL, ring.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		_exit(1);
	m.slot = (struct pmt_ring_slot *)(at + PMT_RING_CONTROL_BYTES);
	m.data = (uint8_t *)m.slot + PMT_RING_CONTROL_BYTES;
	return m;
}

/* What is given counts up from 0 without a hole; returns how many calls there were. */
static uint32_t look(const char *path, enum pmt_ring_state expected_state)
{
	struct pmt_trace *t = open_path(path, NULL);
	struct pmt_cursor *cursor = pmt_cursor_new(t, 1, NULL);
	const struct pmt_event *e;
	uint32_t calls = 0;

	ck_assert_ptr_nonnull(cursor);
	ck_assert_int_eq(pmt_trace_ring(t)->state, expected_state);
	ck_assert_uint_eq(pmt_trace_missing_bytes(t), 0);
	while ((e = pmt_cursor_next(cursor))) {
		ck_assert_int_eq(e->kind, PMT_EVENT_RECORD);
		if (e->record.op == PMT_OP_EXTENDED)
			continue;
		ck_assert_uint_eq(e->record.code_id, calls);
		calls++;
	}
	/* Only a cut last chunk of a write that was interrupted may be a problem. */
	if (expected_state == PMT_RING_RUNNING)
		ck_assert_uint_eq(pmt_trace_problem_count(t), 0);
	pmt_cursor_free(cursor);
	pmt_trace_close(t);
	return calls;
}

/* Look at a running process again and again, then kill it and look once more. */
START_TEST(running_then_killed)
{
	struct test_bytes nothing = {NULL, 0, 0};
	const char *trace_path = test_write_file("living.bin", &nothing);
	const char *ring_path = test_write_file("living.ring", &nothing);
	int ready[2], status;
	uint32_t seen = 0;
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct miniature m = make_miniature(trace_path, ring_path);
		produce(&m, ready[1]);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	for (int looks = 0; looks < 5 * _i; looks++) {
		uint32_t calls = look(trace_path, PMT_RING_RUNNING);
		ck_assert_uint_ge(calls, seen);
		ck_assert_uint_ge(calls, 1);
		seen = calls;
	}
	kill(child, SIGKILL);
	siginfo_t info;
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	uint32_t calls = look(trace_path, PMT_RING_SALVAGED); /* of a zombie */
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_uint_ge(calls, seen);
	ck_assert_uint_eq(look(trace_path, PMT_RING_SALVAGED), calls);
	close(ready[0]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("salvage");
	TCase *tc = tcase_create("rings");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, ring_and_trace_join);
	tcase_add_test(tc, gap_between_trace_and_ring_is_said);
	tcase_add_test(tc, closed_ring_is_not_used);
	tcase_add_loop_test(tc, ring_of_another_process_is_not_used, 0, FOREIGN_COUNT);
	tcase_add_test(tc, unnamed_ring_beside_the_trace);
	tcase_add_test(tc, ring_opened_by_name);
	tcase_add_loop_test(tc, broken_rings, 0, 10);
	tcase_add_loop_test(tc, running_then_killed, 0, 8);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
