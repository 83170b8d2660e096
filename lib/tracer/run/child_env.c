/* Giving PYMEMTRACE_RUN to children; see child_env.h. */
#include <config.h>

#include "run/child_env.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "os/text.h"
#include "run/identity.h"

/* The copy lies on the stack of whoever execs, which may be a small one: 32 KiB at most.
 */
enum { SLOTS_MAX = 4096, FILE_NAME_BYTES = 256 };

/* "libpymemtrace.so", whatever it was renamed to. Written by the constructor. */
static char file_name[FILE_NAME_BYTES];

void pmt_child_env_init(void)
{
	Dl_info info;

	if (!dladdr((const void *)pmt_child_env_init, &info) || !info.dli_fname)
		return;
	const char *slash = strrchr(info.dli_fname, '/');
	if (!pmt_text_copy(file_name, sizeof(file_name),
			   slash ? slash + 1 : info.dli_fname))
		file_name[0] = '\0';
}

/* Whether one of the paths in an LD_PRELOAD ends in our file's name. */
static bool names_us(const char *paths)
{
	size_t size = strlen(file_name);
	const char *at = paths;

	while (size && (at = strstr(at, file_name)) != NULL) {
		char before = at == paths ? ':' : at[-1];
		at += size;
		if (strchr("/: ", before) && strchr(": ", *at)) /* or its NUL */
			return true;
	}
	return false;
}

/* The value of an entry of this name, or NULL. */
static const char *value_of(const char *entry, const char *name, size_t size)
{
	return strncmp(entry, name, size) == 0 && entry[size] == '=' ? entry + size + 1
								     : NULL;
}

size_t pmt_child_env_slots_sigsafe(char *const envp[])
{
	static const char preload[] = "LD_PRELOAD", run[] = PMT_RUN_VARIABLE;
	const char *paths = NULL;
	size_t count;

	if (!envp || !pmt_identity_variable())
		return 0;
	for (count = 0; envp[count]; count++) {
		if (count > SLOTS_MAX - 2 || value_of(envp[count], run, sizeof(run) - 1))
			return 0;
		if (!paths)
			paths = value_of(envp[count], preload, sizeof(preload) - 1);
	}
	return paths && names_us(paths) ? count + 2 : 0;
}

char *const *pmt_child_env_fill_sigsafe(char **room, size_t slots, char *const envp[])
{
	size_t count = 0;

	if (!slots)
		return envp;
	while (count < slots - 2 && envp[count]) {
		room[count] = envp[count];
		count++;
	}
	room[count++] = (char *)pmt_identity_variable();
	room[count] = NULL;
	return room;
}
