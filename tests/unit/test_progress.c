/* The progress bar on terminals of several widths: a line that fits, and goes away. */
#define _GNU_SOURCE
#include <check.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/fit.h"
#include "cli/progress.h"
#include "support/run_suite.h"

static const char WHAT[] =
    "reading /srv/a/rather/long/folder/for/traces/of/programs/named/"
    "by/somebody/with/time/trace.bin";

static char said[4096];

/* What appears on a terminal of so many columns, into said. */
static void show_on(unsigned short columns)
{
	struct winsize size = {.ws_row = 25, .ws_col = columns};
	struct pmt_progress progress;
	int master = posix_openpt(O_RDWR | O_NOCTTY), kept = dup(STDERR_FILENO);

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master) | unlockpt(master), 0);
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &size), 0);
	dup2(slave, STDERR_FILENO);
	pmt_progress_begin(&progress, WHAT);
	progress.begun_ns = 0; /* long ago: no patience is left */
	pmt_progress_show(&progress, 1, 2);
	pmt_progress_show(&progress, 2, 2);
	pmt_progress_end(&progress);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	/* A terminal hands on what was written piece by piece. */
	size_t used = 0;
	while (used < 4 || memcmp(said + used - 4, "\r\033[K", 4) != 0) {
		ssize_t count = read(master, said + used, sizeof(said) - 1 - used);
		ck_assert_int_gt(count, 0);
		used += (size_t)count;
	}
	said[used] = '\0';
	close(slave);
	close(master);
	close(kept);
}

START_TEST(test_lines_fit)
{
	const unsigned short widths[] = {20, 40, 59, 60, 80, 132, 400};

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		char *rest = said;
		unsigned lines = 0;
		show_on(widths[i]);
		ck_assert_ptr_null(strchr(said, '\n'));
		ck_assert_str_eq(said + strlen(said) - 4, "\r\033[K");
		said[strlen(said) - 4] = '\0';
		for (char *line; (line = strsep(&rest, "\r")) != NULL;) {
			if (!*line)
				continue;
			lines++;
			ck_assert_uint_lt(pmt_fit_width(line, false), widths[i]);
			ck_assert_ptr_nonnull(
			    strstr(line, lines == 1 ? " 50% " : "100% "));
			ck_assert_str_eq(line + strlen(line) - 9, "trace.bin");
			ck_assert_int_eq(strchr(line, '[') != NULL, widths[i] >= 60);
		}
		ck_assert_uint_eq(lines, 2);
	}
	show_on(132); /* where there is room it is all there */
	ck_assert_ptr_nonnull(strstr(said, "[###############               ]  50% "));
	ck_assert_ptr_nonnull(strstr(said, "100% …"));
	show_on(400);
	ck_assert_ptr_nonnull(strstr(said, WHAT));
}
END_TEST

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	Suite *suite = suite_create("progress");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_lines_fit);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
