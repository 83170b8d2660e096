/*
 * What a Python of a version that is not known yet looks like from outside: a few names
 * of the ABI and a GIL. Prints what it was told to and ends with 7.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef VERSION
#define VERSION "3.99.0 (main, Jan  1 2040, 00:00:00) [GCC 30]"
#endif

static pthread_cond_t gil;

#ifdef PYPY
void pypy_main_startup(void);
void pypy_main_startup(void)
{
}
#else
const char *Py_GetVersion(void);
const char *Py_GetVersion(void)
{
	return VERSION;
}
#endif

#ifdef HOOKS /* and little else of what a CPython of today has */
typedef int audit_fn(const char *event, void *args, void *data);
static audit_fn *hook;

int PySys_AddAuditHook(audit_fn *wanted, void *data);
int PySys_AddAuditHook(audit_fn *wanted, void *data)
{
	(void)data;
	hook = wanted;
	return 0;
}
#endif

int main(int argc, char **argv)
{
	pthread_cond_init(&gil, NULL);
#ifdef HOOKS
	if (hook)
		hook("cpython.run_command", NULL, NULL);
#endif
	for (int i = 0; i < 1000; i++) {
		void *volatile block = malloc(1000);

		free(block);
	}
	puts(argc > 1 ? argv[1] : "");
	return 7;
}
