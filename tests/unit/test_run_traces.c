/* Which files pymemtrace-run takes for the traces of its run. */
#include "config.h"

#include "run/traces.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "support/run_suite.h"

static char folder[64];
static const uint8_t run_id[PMT_RUN_ID_BYTES] = "this run";
static const uint8_t other_id[PMT_RUN_ID_BYTES] = "another run";

static void enter_folder(void)
{
	strcpy(folder, "/tmp/test_run_traces-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	pmt_crc32c_init();
}

static void leave_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

/* A trace of which only the header matters here. */
static void make_trace(const char *name, const uint8_t *id, uint32_t pid, uint64_t start,
		       uint32_t generation)
{
	struct pmt_file_header header = {.version = PMT_FORMAT_VERSION,
					 .header_bytes = sizeof(header),
					 .pid = pid,
					 .generation = generation,
					 .process_start = start};

	memcpy(header.magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES);
	memcpy(header.run_id, id, PMT_RUN_ID_BYTES);
	header.crc = pmt_crc32c(0, &header, offsetof(struct pmt_file_header, crc));
	write_file(name, &header, sizeof(header));
}

/* What was found, as one line of names. */
static const char *found(const char *out, uint32_t pid, uint64_t not_before)
{
	static char names[1024];
	struct pmt_traces traces;

	names[0] = '\0';
	ck_assert_int_eq(pmt_traces_find(&traces, out, run_id, pid, not_before), 0);
	for (size_t i = 0; i < traces.count; i++) {
		const char *slash = strrchr(traces.at[i].path, '/');

		strcat(names, slash ? slash + 1 : traces.at[i].path);
		strcat(names, " ");
		ck_assert_uint_eq(traces.at[i].bytes, sizeof(struct pmt_file_header));
	}
	pmt_traces_close(&traces);
	return names;
}

START_TEST(traces_of_the_run_come_oldest_first)
{
	make_trace("trace.bin.30", run_id, 30, 300, 1);
	make_trace("trace.bin.20.1", run_id, 20, 200, 2);
	make_trace("trace.bin.20", run_id, 20, 200, 1);
	make_trace("trace.bin", run_id, 10, 100, 0);
	make_trace("trace.bin.old", run_id, 9, 90, 0);
	make_trace("trace.bin.40", other_id, 40, 400, 1);
	make_trace("trace.bin.50x", run_id, 50, 500, 1);
	make_trace("trace.bin.60.1.1", run_id, 60, 600, 1);
	make_trace("other.bin", run_id, 70, 700, 0);
	ck_assert_str_eq(found("trace.bin", 10, 0),
			 "trace.bin trace.bin.20 trace.bin.20.1 trace.bin.30 ");
	/* Our own run may be part of one that began before us. */
	ck_assert_str_eq(found("trace.bin", 10, 200),
			 "trace.bin.20 trace.bin.20.1 trace.bin.30 ");
}
END_TEST

START_TEST(a_process_id_in_the_name_is_any_number)
{
	make_trace("t10-10.bin", run_id, 10, 100, 0);
	make_trace("t11-11.bin.11", run_id, 11, 110, 1);
	make_trace("t-1.bin", run_id, 12, 120, 0);
	make_trace("t1-x.bin", run_id, 13, 130, 0);
	make_trace("%1", run_id, 14, 140, 0);
	ck_assert_str_eq(found("t%p-%p.bin", 10, 0), "t10-10.bin t11-11.bin.11 ");
	ck_assert_str_eq(found("%%%p", 10, 0), "%1 ");
	make_trace("12123", run_id, 15, 150, 0);
	ck_assert_str_eq(found("%p123", 10, 0), "12123 ");
}
END_TEST

START_TEST(a_folder_is_looked_up_for_the_first_process)
{
	char out[128];

	ck_assert_int_eq(mkdir("run-10", 0700), 0);
	make_trace("run-10/t", run_id, 10, 100, 0);
	ck_assert_str_eq(found("run-%p/t", 10, 0), "t ");
	snprintf(out, sizeof(out), "%s/run-10/t", folder);
	ck_assert_str_eq(found(out, 10, 0), "t ");
	ck_assert_str_eq(found("missing/t", 10, 0), "");
	ck_assert_str_eq(found("run-%p/t", 11, 0), "");
}
END_TEST

START_TEST(what_is_no_trace_is_passed_over)
{
	struct pmt_file_header damaged = {.version = 1};

	memcpy(damaged.magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES);
	memcpy(damaged.run_id, run_id, PMT_RUN_ID_BYTES);
	write_file("trace.bin", &damaged, sizeof(damaged)); /* a wrong checksum */
	write_file("trace.bin.1", PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES);
	write_file("trace.bin.2", "", 0);
	ck_assert_int_eq(mkfifo("trace.bin.3", 0600), 0); /* must not block */
	ck_assert_int_eq(mkdir("trace.bin.4", 0700), 0);
	ck_assert_int_eq(symlink("nowhere", "trace.bin.5"), 0);
	ck_assert_str_eq(found("trace.bin", 10, 0), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("run_traces");
	TCase *tc = tcase_create("run_traces");

	tcase_add_checked_fixture(tc, enter_folder, leave_folder);
	tcase_add_test(tc, traces_of_the_run_come_oldest_first);
	tcase_add_test(tc, a_process_id_in_the_name_is_any_number);
	tcase_add_test(tc, a_folder_is_looked_up_for_the_first_process);
	tcase_add_test(tc, what_is_no_trace_is_passed_over);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
