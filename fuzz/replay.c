/*
 * Runs a fuzz target over the files of its corpus, for builds without libFuzzer: every
 * crash that was ever found stays a test. The program's name tells the corpus:
 * replay_trace reads $top_srcdir/fuzz/corpus/trace.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"

static int run_file(const char *path)
{
	FILE *f = fopen(path, "re");
	uint8_t *bytes = NULL;
	size_t size = 0, room = 0;
	int rc = -1;

	if (!f)
		return -1;
	for (;;) {
		if (size == room) {
			room = room ? room * 2 : 4096;
			uint8_t *grown = realloc(bytes, room);
			if (!grown)
				goto out;
			bytes = grown;
		}
		size_t got = fread(bytes + size, 1, room - size, f);
		if (got == 0)
			break;
		size += got;
	}
	rc = ferror(f) ? -1 : LLVMFuzzerTestOneInput(bytes, size);
out:
	free(bytes);
	fclose(f);
	return rc;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	const char *name = strrchr(argv[0], '_');
	char folder[4096], path[5000];
	struct dirent *entry;
	unsigned count = 0;

	snprintf(folder, sizeof(folder), "%s/fuzz/corpus/%s", top ? top : ".",
		 name ? name + 1 : "");
	if (argc > 1)
		snprintf(folder, sizeof(folder), "%s", argv[1]);
	DIR *d = opendir(folder);
	if (!d) {
		perror(folder);
		return EXIT_FAILURE;
	}
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		puts(path);
		fflush(stdout);
		if (run_file(path) != 0) {
			perror(path);
			closedir(d);
			return EXIT_FAILURE;
		}
		count++;
	}
	closedir(d);
	printf("%u inputs\n", count);
	return count ? EXIT_SUCCESS : EXIT_FAILURE;
}
