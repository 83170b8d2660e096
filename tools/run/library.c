/*
 * Looks for the preload library. An installation may have been moved as a whole, so the
 * way from the program's own place comes before the folder that was configured; a build
 * tree comes first, so that a developer never tests an installed library by accident.
 */
#include "config.h"

#include "run/library.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The build says where it installs; this is for checkers, which compile a file alone. */
#ifndef PMT_LIBDIR
#define PMT_LIBDIR "/usr/local/lib"
#endif
#define LIBRARY_NAME "libpymemtrace.so"

/* From the folder of the program; the last names the multiarch folders. */
static const char *const places[] = {
    "/.libs/" LIBRARY_NAME,
    "/../lib/" LIBRARY_NAME,
    "/../lib64/" LIBRARY_NAME,
    "/../lib/*/" LIBRARY_NAME,
};

/* The bytes of an ELF header that tell for which machine and word size a file is. */
static bool read_kind(const char *path, unsigned char kind[EI_NIDENT + 4])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, kind, EI_NIDENT + 4);
	close(fd);
	return got == EI_NIDENT + 4 && memcmp(kind, ELFMAG, SELFMAG) == 0;
}

/* Whether path is a library of our own kind: ../lib32 of another one does not help. */
static bool is_ours(const char *path)
{
	unsigned char wanted[EI_NIDENT + 4], found[EI_NIDENT + 4];

	return read_kind("/proc/self/exe", wanted) && read_kind(path, found) &&
	       wanted[EI_CLASS] == found[EI_CLASS] &&
	       memcmp(wanted + EI_NIDENT + 2, found + EI_NIDENT + 2, 2) == 0;
}

/* Puts the first file that fits the pattern into path. */
static bool try_place(const char *pattern, char *path, size_t size)
{
	glob_t found;
	bool done = false;

	if (glob(pattern, 0, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc && !done; i++) {
		char real[PATH_MAX];

		if (realpath(found.gl_pathv[i], real) && strlen(real) < size &&
		    is_ours(real)) {
			memcpy(path, real, strlen(real) + 1);
			done = true;
		}
	}
	globfree(&found);
	return done;
}

static void add_place(char *list, size_t size, const char *place)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "\n    %s", place);
}

int pmt_library_find(char *path, size_t size)
{
	char program[PATH_MAX], place[PATH_MAX + 64];
	char tried[4 * PATH_MAX] = "";
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	bool found = false;

	if (length > 0) {
		program[length] = '\0';
		*strrchr(program, '/') = '\0';
		for (size_t i = 0; i < sizeof(places) / sizeof(*places) && !found; i++) {
			snprintf(place, sizeof(place), "%s%s", program, places[i]);
			add_place(tried, sizeof(tried), place);
			found = try_place(place, path, size);
		}
	}
	if (!found) {
		add_place(tried, sizeof(tried), PMT_LIBDIR "/" LIBRARY_NAME);
		found = try_place(PMT_LIBDIR "/" LIBRARY_NAME, path, size);
	}
	if (found)
		return strpbrk(path, " \t\n:") ? -EINVAL : 0;
	snprintf(path, size, "%s", tried);
	return -ENOENT;
}
