/* Places of files; see native_files.h. What a trace says is no path before it was looked
 * at. */
#include "analysis/native_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_build_id(const char *text)
{
	size_t size = strlen(text);

	return size >= 4 && size <= 128 && strspn(text, "0123456789abcdef") == size;
}

/* debuginfod's folder number i, as its client chooses: by a variable alone, else the old
 * place or the new one. */
static bool cache_folder(unsigned i, char *ret_path, size_t size)
{
	const char *chosen = getenv("DEBUGINFOD_CACHE_PATH");
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int used;

	if (chosen && *chosen)
		used = i == 0 ? snprintf(ret_path, size, "%s", chosen) : 0;
	else if (i == 0 && cache && *cache)
		used = snprintf(ret_path, size, "%s/debuginfod_client", cache);
	else if (i == 0 && home)
		used = snprintf(ret_path, size, "%s/.cache/debuginfod_client", home);
	else if (i == 1 && home)
		used = snprintf(ret_path, size, "%s/.debuginfod_client_cache", home);
	else
		used = 0;
	return used > 0 && (size_t)used < size;
}

static bool cached_file(unsigned i, const char *build_id, const char *name,
			char *ret_path, size_t size)
{
	char folder[PATH_MAX];
	int used;

	if (!cache_folder(i, folder, sizeof(folder)))
		return false;
	used = snprintf(ret_path, size, "%s/%s/%s", folder, build_id, name);
	return used > 0 && (size_t)used < size;
}

bool pmt_native_file(unsigned i, const char *module_path, const char *build_id,
		     char *ret_path, size_t size)
{
	static const struct {
		const char *suffix; /* under /usr/lib/debug; NULL: cached */
		const char *cached;
		unsigned folder;
	} places[] = {
	    {"", NULL, 0},       {NULL, "executable", 0}, {NULL, "executable", 1},
	    {".debug", NULL, 0}, {NULL, "debuginfo", 0},  {NULL, "debuginfo", 1},
	};
	int used;

	if (i == 0) {
		used = snprintf(ret_path, size, "%s", module_path);
		if (*module_path != '/' || (size_t)used >= size)
			*ret_path = '\0';
		return true;
	}
	if (!is_build_id(build_id) || i > sizeof(places) / sizeof(*places))
		return false;
	*ret_path = '\0';
	if (places[i - 1].suffix)
		snprintf(ret_path, size, "/usr/lib/debug/.build-id/%.2s/%s%s", build_id,
			 build_id + 2, places[i - 1].suffix);
	else if (!cached_file(places[i - 1].folder, build_id, places[i - 1].cached,
			      ret_path, size))
		*ret_path = '\0';
	return true;
}

int pmt_native_cached_debug(const char *build_id)
{
	char path[PATH_MAX];
	struct stat st;

	for (unsigned i = 0; is_build_id(build_id) && i < 2; i++) {
		if (!cached_file(i, build_id, "debuginfo", path, sizeof(path)))
			continue;
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		/* An empty file says that no server had it. */
		if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}
