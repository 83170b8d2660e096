/*
 * Recovery: the new file gives what trace and ring gave together, then the last words;
 * the ring goes only when everything is in the trace.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader/cursor.h"
#include "reader/recover.h"
#include "reader/tables.h"
#include "reader/trace.h"
#include "support/events.h"
#include "support/run_suite.h"
#include "support/trace_writer.h"

enum { DATA_BYTES = 1 << 20, CALLS = 100000 };

static char ring_path[160], trace_path[160];

static struct pmt_trace *open_path(const char *path)
{
	struct pmt_problem problem;
	struct pmt_trace *trace = pmt_trace_open(path, NULL, &problem);

	ck_assert_msg(trace != NULL, "%s", problem.text);
	return trace;
}

/* Thread 1: a tenth in the trace, overlapping with the rest in the ring. */
static void write_killed(bool with_trace, bool damaged)
{
	struct pmt_file_header h = test_file_header();
	struct test_bytes trace = {NULL, 0, 0}, ring = {NULL, 0, 0};
	struct test_bytes s0 = {NULL, 0, 0}, s1 = {NULL, 0, 0};
	size_t written = 0, tail = 0;

	snprintf(ring_path, sizeof(ring_path), "%s/ring", test_folder());
	snprintf(trace_path, sizeof(trace_path), "%s/killed.bin", test_folder());
	test_put_checkpoint(&s0, 900, 0, 0);
	test_put_info(&s0, "ring", ring_path);
	test_put_checkpoint(&s1, 1000, 0, 0);
	for (uint32_t i = 0; i < CALLS; i++) {
		test_put_enter(&s1, PMT_OP_START, i, i & 15 ? 0 : 7, NULL);
		if (i == CALLS / 20)
			tail = s1.size;
		if (i == CALLS / 10)
			written = s1.size;
	}
	test_put_loss(&s1, PMT_LOSS_RING_FULL, 5, 100005);
	test_put_enter(&s1, PMT_OP_START, 77, 1, NULL);
	test_add_header(&trace, &h);
	test_add_stream(&trace, 0, &s0, PMT_CODEC_LZ4);
	test_add_chunk(&trace, 1, &s1, 0, written, PMT_CODEC_LZ4, 5000);
	if (damaged)
		trace.bytes[sizeof(h) + sizeof(struct pmt_chunk_header)] ^= 5;
	struct test_slot slots[] = {
	    {PMT_SLOT_ACTIVE, 0, s0.size, s0.size, &s0, 0},
	    {PMT_SLOT_DEAD, 1, tail, s1.size, &s1, 0},
	};
	test_add_ring(&ring, &h, trace_path, DATA_BYTES, slots, 2, 0);
	struct pmt_ring_header *header = (struct pmt_ring_header *)ring.bytes;
	pmt_add_relaxed(&header->lost[PMT_LOSS_RING_FULL], 5);
	pmt_add_relaxed(&header->lost[PMT_LOSS_NO_RING], 3);
	test_write_file("ring", &ring);
	test_write_file("killed.bin", &trace);
	if (!with_trace)
		unlink(trace_path);
	test_bytes_close(&trace);
	test_bytes_close(&ring);
	test_bytes_close(&s0);
	test_bytes_close(&s1);
}

static char *texts_of(const char *path, const char *ring)
{
	struct pmt_trace_options options = {.ring_path = ring};
	struct pmt_problem problem;
	struct pmt_trace *trace = pmt_trace_open(path, &options, &problem);

	ck_assert_ptr_nonnull(trace);
	char *text = test_events_text(trace, 1);
	pmt_trace_close(trace);
	return text;
}

static void assert_last_words(struct pmt_trace *trace, int signal)
{
	struct pmt_tables *tables = pmt_tables_new(trace);
	struct pmt_trace_end end;

	ck_assert_int_eq(pmt_tables_scan(tables, trace), 0);
	ck_assert_uint_eq(pmt_tables_lost(tables, PMT_LOSS_RING_FULL), 5);
	ck_assert_uint_eq(pmt_tables_lost(tables, PMT_LOSS_NO_RING), 3);
	ck_assert(pmt_trace_end(trace, &end));
	ck_assert_int_eq(end.how, PMT_END_SIGNAL);
	ck_assert_int_eq(end.status, signal);
	ck_assert_uint_eq(end.event_count, CALLS + 1);
	pmt_tables_free(tables);
}

START_TEST(in_place)
{
	struct pmt_recovery recovery;
	struct pmt_problem problem;

	write_killed(true, false);
	char *before = texts_of(trace_path, NULL);
	struct pmt_trace *trace = open_path(trace_path);
	pmt_recover_set_signal(trace, 9);
	ck_assert_int_eq(pmt_recover(trace, NULL, &recovery, &problem), 0);
	ck_assert(recovery.written && recovery.end_added && recovery.ring_removed);
	ck_assert_str_eq(recovery.path, trace_path);
	ck_assert_uint_gt(recovery.ring_bytes, 0);
	pmt_trace_close(trace);
	ck_assert_int_ne(access(ring_path, F_OK), 0);
	char *after = texts_of(trace_path, NULL);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);

	trace = open_path(trace_path);
	ck_assert_int_eq(pmt_trace_ring(trace)->state, PMT_RING_GONE);
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 0);
	ck_assert_uint_eq(pmt_trace_missing_bytes(trace), 0);
	ck_assert_uint_eq(pmt_trace_file_bytes(trace), recovery.file_bytes);
	assert_last_words(trace, 9);
	ck_assert_int_eq(pmt_recover(trace, NULL, &recovery, &problem), 0);
	ck_assert(!recovery.written && !recovery.ring_removed);
	pmt_trace_close(trace);
}
END_TEST

/* Whether the trace has an end, and what recovery noted of it. */
static void assert_end_added(bool added, int signal, const char *note)
{
	struct pmt_trace_end end = {.how = PMT_END_NONE};
	struct pmt_trace *trace = open_path(trace_path);
	struct pmt_tables *tables = pmt_tables_new(trace);

	ck_assert_int_eq(pmt_tables_scan(tables, trace), 0);
	ck_assert_int_eq(pmt_trace_end(trace, &end), added);
	ck_assert_int_eq(end.how, added ? PMT_END_SIGNAL : PMT_END_NONE);
	ck_assert_int_eq(end.status, signal);
	ck_assert_pstr_eq(pmt_tables_info(tables, PMT_RECOVERED_KEY), note);
	pmt_tables_free(tables);
	pmt_trace_close(trace);
}

static void recover_in_place(int signal, bool expect_written)
{
	struct pmt_recovery recovery;
	struct pmt_problem problem;
	struct pmt_trace *trace = open_path(trace_path);

	pmt_recover_set_signal(trace, signal);
	ck_assert_int_eq(pmt_recover(trace, NULL, &recovery, &problem), 0);
	ck_assert_int_eq(recovery.written, expect_written);
	ck_assert_int_eq(recovery.end_added, expect_written);
	pmt_trace_close(trace);
}

START_TEST(a_kill_by_a_signal_nobody_knows)
{
	write_killed(true, false);
	recover_in_place(0, true);
	assert_end_added(true, 0, PMT_RECOVERED_RING);
}
END_TEST

/* The ring died with the process: only who waited for it knows that it was killed. */
START_TEST(the_end_is_told_without_a_ring)
{
	write_killed(true, false);
	unlink(ring_path);
	recover_in_place(0, false);
	assert_end_added(false, 0, NULL);
	recover_in_place(11, true);
	assert_end_added(true, 11, PMT_RECOVERED_FILE);
	recover_in_place(9, false);
	assert_end_added(true, 11, PMT_RECOVERED_FILE);
}
END_TEST

/* A link to the trace stays a link. */
START_TEST(in_place_through_a_link)
{
	struct pmt_recovery recovery;
	struct pmt_problem problem;
	struct stat st;
	char link_path[160];

	write_killed(true, false);
	snprintf(link_path, sizeof(link_path), "%s/link", test_folder());
	ck_assert_int_eq(symlink("killed.bin", link_path), 0);
	struct pmt_trace *trace = open_path(link_path);
	ck_assert_int_eq(pmt_recover(trace, NULL, &recovery, &problem), 0);
	pmt_trace_close(trace);
	ck_assert_int_eq(lstat(link_path, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	unlink(link_path);
	trace = open_path(trace_path);
	ck_assert_int_eq(pmt_trace_ring(trace)->state, PMT_RING_GONE);
	pmt_trace_close(trace);
}
END_TEST

/* Into another file: trace and ring stay as they were. */
START_TEST(into_another_file)
{
	struct test_bytes nothing = {NULL, 0, 0};
	const char *out = test_write_file("out.bin", &nothing);
	struct pmt_recovery recovery;
	struct pmt_problem problem;

	write_killed(true, false);
	char *before = texts_of(trace_path, NULL);
	struct pmt_trace *trace = open_path(trace_path);
	uint64_t file_bytes = pmt_trace_file_bytes(trace);
	ck_assert_int_eq(pmt_recover(trace, out, &recovery, &problem), 0);
	ck_assert(recovery.written && !recovery.ring_removed);
	pmt_trace_close(trace);
	char *after = texts_of(out, "/no/such/ring");
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	trace = open_path(trace_path);
	ck_assert_uint_eq(pmt_trace_file_bytes(trace), file_bytes);
	ck_assert_int_eq(pmt_trace_ring(trace)->state, PMT_RING_SALVAGED);
	pmt_trace_close(trace);
	trace = open_path(out);
	assert_last_words(trace, 0);
	pmt_trace_close(trace);
}
END_TEST

/* What is damaged stays out, and stays missing. */
START_TEST(damaged_chunks_are_left_out)
{
	struct pmt_recovery recovery;
	struct pmt_problem problem;

	write_killed(true, true);
	struct pmt_trace_options options = {.ring_path = ring_path};
	struct pmt_trace *trace = pmt_trace_open(trace_path, &options, &problem);
	ck_assert_ptr_nonnull(trace);
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 1);
	ck_assert_int_eq(pmt_recover(trace, NULL, &recovery, &problem), 0);
	pmt_trace_close(trace);
	trace = open_path(trace_path);
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 0);
	ck_assert_uint_gt(pmt_trace_missing_bytes(trace), 0);
	struct pmt_trace_end end;
	ck_assert(pmt_trace_end(trace, &end));
	pmt_trace_close(trace);
}
END_TEST

START_TEST(ring_alone_becomes_the_trace)
{
	struct pmt_recovery recovery;
	struct pmt_problem problem;

	write_killed(false, false);
	struct pmt_trace *trace = open_path(ring_path);
	char *before = test_events_text(trace, 1);
	ck_assert_int_eq(pmt_recover(trace, NULL, &recovery, &problem), 0);
	ck_assert_str_eq(recovery.path, trace_path);
	ck_assert(recovery.ring_removed);
	pmt_trace_close(trace);
	char *after = texts_of(trace_path, NULL);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(failure_leaves_everything)
{
	struct pmt_recovery recovery;
	struct pmt_problem problem;
	char fifo[160];

	write_killed(true, false);
	struct pmt_trace *trace = open_path(trace_path);
	snprintf(fifo, sizeof(fifo), "%s/fifo", test_folder());
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_lt(pmt_recover(trace, "/no/such/folder/out", &recovery, &problem),
			 0);
	ck_assert_int_eq(problem.kind, PMT_PROBLEM_IO);
	ck_assert_str_eq(problem.path, "/no/such/folder/out");
	ck_assert_int_eq(pmt_recover(trace, test_folder(), &recovery, &problem), -EISDIR);
	ck_assert_int_eq(pmt_recover(trace, fifo, &recovery, &problem), -EINVAL);
	unlink(fifo);
	pmt_trace_close(trace);
	trace = open_path(trace_path);
	ck_assert_int_eq(pmt_trace_ring(trace)->state, PMT_RING_SALVAGED);
	pmt_trace_close(trace);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recover");
	TCase *tc = tcase_create("recover");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, in_place);
	tcase_add_test(tc, a_kill_by_a_signal_nobody_knows);
	tcase_add_test(tc, the_end_is_told_without_a_ring);
	tcase_add_test(tc, in_place_through_a_link);
	tcase_add_test(tc, into_another_file);
	tcase_add_test(tc, damaged_chunks_are_left_out);
	tcase_add_test(tc, ring_alone_becomes_the_trace);
	tcase_add_test(tc, failure_leaves_everything);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
