/*
 * The reader on whole traces: streams, order, tables, gaps and overlaps. Damage is in
 * test_reader_damage.c, rings in test_salvage.c.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "reader/cursor.h"
#include "reader/tables.h"
#include "reader/trace.h"
#include "support/run_suite.h"
#include "support/trace_writer.h"

static struct pmt_trace *open_bytes(const struct test_bytes *b)
{
	struct pmt_problem problem;
	const char *path = test_write_file("trace.bin", b);
	struct pmt_trace *trace = pmt_trace_open(path, NULL, &problem);

	ck_assert_msg(trace != NULL, "%s", problem.text);
	return trace;
}

/* Stream 0 and two threads whose calls interleave in time. */
static void build_two_threads(struct test_bytes *trace, unsigned codec)
{
	struct test_bytes s0 = {NULL, 0, 0}, s1 = {NULL, 0, 0}, s2 = {NULL, 0, 0};
	struct pmt_file_header h = test_file_header();

	test_put_checkpoint(&s0, 1000, 0, 0);
	test_put_info(&s0, "argv", "python app.py");
	test_put_end(&s0, PMT_END_EXIT, 3, 6);
	test_put_checkpoint(&s1, 2000, 0, 0);
	test_put_thread(&s1, 11, true, "MainThread");
	test_put_code(&s1, 1, "/app.py", 10, "main");
	test_put_enter(&s1, PMT_OP_START, 1, 10, NULL);
	test_put_enter(&s1, PMT_OP_START, 2, 20, NULL);
	test_put_leave(&s1, PMT_OP_RETURN, 30, NULL);
	test_put_leave(&s1, PMT_OP_RETURN, 40, NULL);
	test_put_checkpoint(&s2, 2020, 0, 0);
	test_put_thread(&s2, 12, false, "worker");
	test_put_code(&s2, 2, "/app.py", 20, "work");
	test_put_enter(&s2, PMT_OP_START, 2, 5, NULL);
	test_put_leave(&s2, PMT_OP_RETURN, 50, NULL);
	test_add_header(trace, &h);
	test_add_stream(trace, 2, &s2, codec);
	test_add_stream(trace, 0, &s0, codec);
	test_add_stream(trace, 1, &s1, codec);
	test_bytes_close(&s0);
	test_bytes_close(&s1);
	test_bytes_close(&s2);
}

/* codec 0 and 1 */
START_TEST(merged_events_come_by_time)
{
	static const struct {
		uint32_t stream;
		uint8_t op;
		uint64_t tick;
	} expected[] = {
	    {1, PMT_OP_START, 2010},  {2, PMT_OP_START, 2025},  {1, PMT_OP_START, 2030},
	    {1, PMT_OP_RETURN, 2060}, {2, PMT_OP_RETURN, 2075}, {1, PMT_OP_RETURN, 2100},
	};
	struct test_bytes b = {NULL, 0, 0};
	size_t seen = 0;

	build_two_threads(&b, (unsigned)_i);
	struct pmt_trace *trace = open_bytes(&b);
	struct pmt_cursor *cursor = pmt_cursor_new_merged(trace, NULL);
	const struct pmt_event *e;
	while ((e = pmt_cursor_next(cursor))) {
		ck_assert_uint_eq(e->kind, PMT_EVENT_RECORD);
		ck_assert(e->tick_known);
		if (e->record.op == PMT_OP_EXTENDED)
			continue;
		ck_assert_uint_lt(seen, 6);
		ck_assert_uint_eq(e->stream, expected[seen].stream);
		ck_assert_uint_eq(e->record.op, expected[seen].op);
		ck_assert_uint_eq(e->tick, expected[seen].tick);
		seen++;
	}
	ck_assert_uint_eq(seen, 6);
	ck_assert_int_eq(pmt_cursor_error(cursor), 0);
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 0);
	pmt_cursor_free(cursor);
	pmt_trace_close(trace);
	test_bytes_close(&b);
}
END_TEST

START_TEST(tables_know_names_threads_and_facts)
{
	struct test_bytes b = {NULL, 0, 0};
	struct pmt_trace_end end;

	build_two_threads(&b, PMT_CODEC_LZ4);
	struct pmt_trace *trace = open_bytes(&b);
	struct pmt_tables *tables = pmt_tables_new(trace);
	ck_assert_int_eq(pmt_tables_scan(tables, trace), 0);
	ck_assert_uint_eq(pmt_tables_code_count(tables), 2);
	ck_assert_str_eq(pmt_tables_code(tables, 2)->name, "work");
	ck_assert_str_eq(pmt_tables_code(tables, 2)->file, "/app.py");
	ck_assert_uint_eq(pmt_tables_code(tables, 1)->first_line, 10);
	ck_assert_ptr_null(pmt_tables_code(tables, 3));
	ck_assert_str_eq(pmt_tables_info(tables, "argv"), "python app.py");
	ck_assert_str_eq(pmt_tables_thread(tables, 2)->name, "worker");
	ck_assert(pmt_tables_thread(tables, 1)->is_main);
	ck_assert(pmt_trace_end(trace, &end));
	ck_assert_int_eq(end.how, PMT_END_EXIT);
	ck_assert_int_eq(end.status, 3);
	ck_assert_uint_eq(end.event_count, 6);
	struct pmt_clock clock = pmt_tables_clock(tables);
	ck_assert(clock.known);
	ck_assert_uint_eq(clock.tick, 1000);
	ck_assert_int_eq(pmt_clock_since_ns(&clock, 2025), 10250);
	pmt_tables_free(tables);
	pmt_trace_close(trace);
	test_bytes_close(&b);
}
END_TEST

/* Records of stream 0 carry no ticks; its samples must not come before what happened
 * before them in the threads. */
START_TEST(samples_come_at_their_own_time)
{
	struct test_bytes b = {NULL, 0, 0}, s0 = {NULL, 0, 0}, s1 = {NULL, 0, 0};
	struct pmt_file_header h = test_file_header();
	struct pmt_sample sample = {.tick = 2050, .rss_bytes = 1 << 20};
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	const struct pmt_event *e;
	uint64_t enters = 0;

	test_put_checkpoint(&s0, 1000, 0, 0);
	size_t size = (size_t)(pmt_payload_put_sample(payload, &sample) - payload);
	test_put_ext(&s0, PMT_EXT_SAMPLE, 0, payload, size);
	test_put_checkpoint(&s1, 2000, 0, 0);
	test_put_enter(&s1, PMT_OP_START, 1, 10, NULL);
	test_put_enter(&s1, PMT_OP_START, 1, 30, NULL);
	test_put_enter(&s1, PMT_OP_START, 1, 30, NULL);
	test_add_header(&b, &h);
	test_add_stream(&b, 0, &s0, PMT_CODEC_NONE);
	test_add_stream(&b, 1, &s1, PMT_CODEC_NONE);
	struct pmt_trace *trace = open_bytes(&b);
	struct pmt_cursor *cursor = pmt_cursor_new_merged(trace, NULL);
	while ((e = pmt_cursor_next(cursor))) {
		if (e->record.op == PMT_OP_START)
			enters++;
		if (e->record.op == PMT_OP_EXTENDED && e->record.ext == PMT_EXT_SAMPLE) {
			ck_assert_uint_eq(e->tick, 2050);
			ck_assert_uint_eq(enters, 2);
		}
	}
	ck_assert_uint_eq(enters, 3);
	pmt_cursor_free(cursor);
	pmt_trace_close(trace);
	test_bytes_close(&b);
	test_bytes_close(&s0);
	test_bytes_close(&s1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reader");
	TCase *tc = tcase_create("whole traces");

	tcase_add_loop_test(tc, merged_events_come_by_time, 0, 2);
	tcase_add_test(tc, samples_come_at_their_own_time);
	tcase_add_test(tc, tables_know_names_threads_and_facts);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
