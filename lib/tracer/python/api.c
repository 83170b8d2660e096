/* Looking up the interpreter's functions; see api.h. */
#include "python/api.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

enum { OLDEST_MINOR = 8, NEWEST_MINOR = 15 };

struct pmt_py pmt_py;

static int read_number(const char **p)
{
	int value = 0;

	for (; **p >= '0' && **p <= '9'; ++*p)
		value = value * 10 + (**p - '0');
	return value;
}

/* "3.13.0 (main, ...)" or "3.13.5 experimental free-threading build (...)" */
static int read_version(const char *text)
{
	const char *p = text + 2;

	if (text[0] < '0' || text[0] > '9' || text[1] != '.')
		return -ENOENT;
	pmt_py.major = text[0] - '0';
	pmt_py.minor = read_number(&p);
	p += *p == '.';
	pmt_py.micro = read_number(&p);
	pmt_py.free_threaded = strstr(text, "free-threading") != NULL;
	return 0;
}

/* By the first words of _Py_DebugOffsets, which begins _PyRuntime: a cookie, the version,
 * whether there is no GIL, the runtime's size, and how far into it the field is. */
static const void *const volatile *find_finalizing(const char *runtime)
{
	enum { SIZE = 24, OFFSET = 32 };
	uint64_t size, offset;

	if (!runtime || pmt_py.minor < 13 || memcmp(runtime, "xdebugpy", 8) != 0)
		return NULL;
	memcpy(&size, runtime + SIZE, sizeof(size));
	memcpy(&offset, runtime + OFFSET, sizeof(offset));
	if (offset + sizeof(void *) > size || offset % sizeof(void *))
		return NULL;
	return (const void *const volatile *)(runtime + offset);
}

/* NOLINTNEXTLINE(readability-function-size): two lists of names, expanded */
int pmt_py_resolve(void *handle, const char **ret_missing)
{
	const char *missing = NULL;

	/* dlsym gives an object pointer; POSIX promises that it converts. */
#define X(result, name, args)                                                            \
	*(void **)&pmt_py.name = dlsym(handle, #name);                                   \
	if (!pmt_py.name && !missing)                                                    \
		missing = #name;
	PMT_PY_REQUIRED(X)
#undef X
#define X(result, name, args, first, second)                                             \
	*(void **)&pmt_py.name = dlsym(handle, first);                                   \
	if (!pmt_py.name && (second))                                                    \
		*(void **)&pmt_py.name = dlsym(handle, (second) ? (second) : "");
	PMT_PY_RENAMED(X)
#undef X
	pmt_py.none = dlsym(handle, "_Py_NoneStruct");
	pmt_py.c_function_type = dlsym(handle, "PyCFunction_Type");
	pmt_py.long_type = dlsym(handle, "PyLong_Type");
	pmt_py.c_method_type = dlsym(handle, "PyCMethod_Type");
	pmt_py.method_descriptor_type = dlsym(handle, "PyMethodDescr_Type");
	pmt_py.code_type = dlsym(handle, "PyCode_Type");
	pmt_py.unicode_type = dlsym(handle, "PyUnicode_Type");
	pmt_py.runtime = dlsym(handle, "_PyRuntime");
	if (!pmt_py.Py_GetVersion || read_version(pmt_py.Py_GetVersion()) < 0)
		return -ENOENT;
	pmt_py.finalizing = find_finalizing(pmt_py.runtime);
	if (!pmt_py.none && !missing)
		missing = "_Py_NoneStruct";
	*ret_missing = missing;
	return missing ? -ENOTSUP : 0;
}

bool pmt_py_is_supported(void)
{
	return pmt_py.major == 3 && pmt_py.minor >= OLDEST_MINOR &&
	       pmt_py.minor <= NEWEST_MINOR && !pmt_py.free_threaded &&
	       pmt_py.thread_state_unchecked && pmt_py.interpreter_get;
}
