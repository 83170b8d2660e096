/*
 * The wrappers in a program of their own: programs/alloc_family.c prints what every
 * function of the family gave, plain and preloaded, alone and in front of each other
 * allocator that is installed, and compares the tracer's counts with an independent
 * counter's. A rude library beside us allocates before and after everything.
 * programs/rss_steps.c compares the account of the resident set with statm.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "support/run_suite.h"

enum { OUTPUT_BYTES = 65536, PATHS_BYTES = 4096 };

struct output {
	char text[OUTPUT_BYTES];
	size_t size;
	int status;
};

static struct allocator {
	const char *name;
	const char *library; /* by name: the loader finds it, or says that it cannot */
} const allocators[] = {
    {"glibc", ""},
    {"jemalloc", "libjemalloc.so.2"},
    {"mimalloc", "libmimalloc.so.2"},
    {"tcmalloc", "libtcmalloc_minimal.so.4"},
};

enum { ALLOCATORS = sizeof(allocators) / sizeof(*allocators) };

static const char *build_dir(void)
{
	const char *dir = getenv("top_builddir");

	return dir ? dir : ".";
}

/* Runs a command line under a preload list, its two outputs in one. */
static void run(struct output *out, const char *preload, const char *command)
{
	char line[PATHS_BYTES];
	size_t got;

	out->size = 0;
	snprintf(line, sizeof(line), "exec 2>&1; LD_PRELOAD='%s' exec %s", preload,
		 command);
	FILE *pipe = popen(line, "r");
	ck_assert_ptr_nonnull(pipe);
	while ((got = fread(out->text + out->size, 1, OUTPUT_BYTES - 1 - out->size,
			    pipe)) > 0)
		out->size += got;
	out->text[out->size] = '\0';
	int status = pclose(pipe);
	out->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* The preload list: libraries of the build by their short names, then the allocator. */
static void list(char *ret_list, const char *ours, const char *allocator)
{
	char names[256], *rest = names;
	size_t used = 0;

	snprintf(names, sizeof(names), "%s", ours);
	for (char *name; (name = strsep(&rest, " ")) != NULL;)
		if (*name)
			used += (size_t)snprintf(ret_list + used, PATHS_BYTES - used,
						 "%s/.libs/%s.so ", build_dir(), name);
	snprintf(ret_list + used, PATHS_BYTES - used, "%s", allocator);
}

static void run_family(struct output *out, const char *ours, const struct allocator *a)
{
	char preload[PATHS_BYTES], command[PATHS_BYTES];

	list(preload, ours, a->library);
	snprintf(command, sizeof(command), "%s/tests/blackbox/programs/alloc_family %s",
		 build_dir(), a->name);
	run(out, preload, command);
}

/* The loader's complaint when an allocator is not installed. */
static bool is_missing(const struct output *out, const struct allocator *a)
{
	if (!strstr(out->text, "cannot be preloaded"))
		return false;
	printf("skipped: %s is not installed\n", a->library);
	return true;
}

/* Drops the lines that only a preloaded run has: the counts. */
static void drop_counts(struct output *out)
{
	char *line = out->text;

	while (*line) {
		char *end = strchr(line, '\n');
		char *next = end ? end + 1 : line + strlen(line);

		if (strncmp(line, "tracer: ", 8) == 0 ||
		    strncmp(line, "counter: ", 9) == 0)
			memmove(line, next, strlen(next) + 1);
		else
			line = next;
	}
}

/* The program behaves the same with each of the lists in front of the allocator. */
START_TEST(test_behaves_as_without_us)
{
	static const char *const lists[] = {
	    "libpymemtrace",
	    "libpymemtrace librudepreload",
	    "libpmtprobe",
	    "libpmtprobe librudepreload",
	    "libcountpreload libpmtprobe",
	    "libpmtprobe libcountpreload",
	    "libpymemtrace libcountpreload",
	};
	static struct output plain, preloaded;
	const struct allocator *a = &allocators[_i];

	run_family(&plain, "", a);
	if (is_missing(&plain, a))
		return;
	ck_assert_int_eq(plain.status, 0);
	ck_assert_uint_gt(plain.size, 1000);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		run_family(&preloaded, lists[i], a);
		drop_counts(&preloaded);
		ck_assert_msg(preloaded.status == 0, "%s under %s: status %d\n%s",
			      a->name, lists[i], preloaded.status, preloaded.text);
		ck_assert_str_eq(preloaded.text, plain.text);
	}
}
END_TEST

/* 800,000 blocks of eight threads and every corner: the same to the byte, whether the
 * counter stands before us or behind. */
START_TEST(test_counts_as_an_independent_counter)
{
	static const char *const lists[] = {"libcountpreload libpmtprobe",
					    "libpmtprobe libcountpreload"};
	static struct output out;
	const struct allocator *a = &allocators[_i % ALLOCATORS];

	run_family(&out, lists[_i / ALLOCATORS], a);
	if (is_missing(&out, a))
		return;
	const char *ours = strstr(out.text, "tracer: ");
	const char *theirs = strstr(out.text, "counter: ");
	ck_assert_msg(ours && theirs, "no counts:\n%s", out.text);
	ours += strlen("tracer: ");
	theirs += strlen("counter: ");
	size_t size = strcspn(ours, "\n");
	ck_assert_msg(size == strcspn(theirs, "\n") && strncmp(ours, theirs, size) == 0,
		      "tracer  %.*s\ncounter %.*s", (int)size, ours,
		      (int)strcspn(theirs, "\n"), theirs);
	ck_assert_uint_gt(strtoull(ours, NULL, 10), 800000);
	ck_assert_int_eq(out.status, 0);
}
END_TEST

/* After every random step the account of the resident set is statm's, to the page. */
START_TEST(test_rss_is_exact_after_every_step)
{
	static const char *const ways[] = {"main", "thread", "user"};
	static struct output out;
	const char *seed = getenv("PMT_SEED");
	char preload[PATHS_BYTES], command[PATHS_BYTES];

	list(preload, "libpmtprobe", "");
	snprintf(command, sizeof(command),
		 "%s/tests/blackbox/programs/rss_steps %s %ld 4000", build_dir(),
		 ways[_i], seed ? atol(seed) : (long)time(NULL));
	printf("%s\n", command);
	fflush(stdout);
	run(&out, preload, command);
	if (out.status == 77) {
		printf("skipped: page faults cannot be counted here\n");
		return;
	}
	ck_assert_msg(out.status == 0, "%s", out.text);
	ck_assert_ptr_nonnull(strstr(out.text, ": 0 of 4000 steps wrong"));
}
END_TEST

/* Tools that are no Python run as ever, and nothing is left behind. */
START_TEST(test_harmless_to_other_programs)
{
	static const char *const commands[] = {
	    "/bin/true",
	    "/bin/sh -c 'echo $((6*7)) | cat; ls / >/dev/null; exit 3'",
	    "git --version",
	    "gcc -dumpversion",
	    "/bin/sh -c 'ulimit -n 4; echo few descriptors'",
	    "/bin/sh -c 'ulimit -v 100000; /bin/echo little memory'",
	    "env -i /bin/echo empty",
	};
	static struct output plain, preloaded;
	char preload[PATHS_BYTES];

	list(preload, "libpymemtrace", "");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		run(&plain, "", commands[i]);
		if (plain.status == 127) /* no git, no gcc */
			continue;
		run(&preloaded, preload, commands[i]);
		ck_assert_int_eq(preloaded.status, plain.status);
		ck_assert_str_eq(preloaded.text, plain.text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interpose");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_behaves_as_without_us, 0, ALLOCATORS);
	tcase_add_loop_test(tc, test_counts_as_an_independent_counter, 0, 2 * ALLOCATORS);
	tcase_add_loop_test(tc, test_rss_is_exact_after_every_step, 0, 3);
	tcase_add_test(tc, test_harmless_to_other_programs);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
