/* The end of a unit test's main: its suite is run, and said to have passed or not. */
#ifndef PMT_TESTS_SUPPORT_RUN_SUITE_H
#define PMT_TESTS_SUPPORT_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Returns what main returns; the suite is gone then. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
