/* Files of the standard library by their names; see pythons_own.h. */
#include "analysis/pythons_own.h"

#include <stddef.h>
#include <string.h>

/* Frozen into the interpreter, whose names no file can have. */
static const char *const frozen[] = {
    "<frozen importlib._bootstrap>",
    "<frozen importlib._bootstrap_external>",
    "<frozen zipimport>",
};

/* Behind the folder of the standard library. */
static const char *const files[] = {
    "importlib/_bootstrap.py",
    "importlib/_bootstrap_external.py",
    "linecache.py",
    "zipimport.py",
};

/* What follows ".../lib/python3.13/", or NULL. */
static const char *behind_library(const char *file)
{
	const char *at = strstr(file, "/python3.");

	if (!at)
		return NULL;
	at += strlen("/python3.");
	at += strspn(at, "0123456789");
	at += *at == 't'; /* of a build without the GIL */
	return *at == '/' ? at + 1 : NULL;
}

bool pmt_function_is_pythons_own(const struct pmt_function *function)
{
	/* A row of a whole file has its path as its name. */
	const char *file =
	    function->kind == PMT_FUNCTION_PSEUDO ? function->name : function->file;
	const char *rest = file ? behind_library(file) : NULL;

	for (size_t i = 0; file && i < sizeof(frozen) / sizeof(*frozen); i++)
		if (strcmp(file, frozen[i]) == 0)
			return true;
	for (size_t i = 0; rest && i < sizeof(files) / sizeof(*files); i++)
		if (strcmp(rest, files[i]) == 0)
			return true;
	return false;
}
