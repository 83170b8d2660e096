/* Source files, each read once. A trace names any path it likes: only regular files of a
 * sane size are opened, and nothing waits for a pipe. */
#include "report/source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 16 << 20, FILES_MAX = 4096 };

struct pmt_source_file {
	char *path;
	char *text;   /* lines end in NUL; NULL when it cannot be shown */
	char **lines; /* where each begins */
	size_t line_count;
};

static char *read_text(int fd, size_t size)
{
	char *text = malloc(size + 1);
	size_t used = 0;

	while (text && used < size) {
		ssize_t got = read(fd, text + used, size - used);

		if (got <= 0)
			break;
		used += (size_t)got;
	}
	if (text)
		text[used] = '\0';
	return text;
}

static void split_lines(struct pmt_source_file *file)
{
	size_t count = 1;

	for (const char *at = file->text; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	file->lines = malloc(count * sizeof(*file->lines));
	if (!file->lines)
		return;
	for (char *at = file->text; at;) {
		char *end = strchr(at, '\n');

		if (end)
			*end = '\0';
		at[strcspn(at, "\r\f")] = '\0';
		file->lines[file->line_count++] = at + strspn(at, " \t");
		at = end ? end + 1 : NULL;
	}
}

static void load(struct pmt_source *source, struct pmt_source_file *file)
{
	struct stat st;
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_BYTES_MAX) {
		uint64_t changed_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u +
				      (uint64_t)st.st_mtim.tv_nsec;

		if (source->traced_ns && changed_ns > source->traced_ns)
			source->changed_count++;
		else
			file->text = read_text(fd, (size_t)st.st_size);
	}
	close(fd);
	if (file->text)
		split_lines(file);
}

static struct pmt_source_file *find(struct pmt_source *source, const char *path)
{
	/* Rows come sorted by figures, from few files: the last one is often the next. */
	for (size_t i = source->count; i-- > 0;) {
		if (strcmp(source->files[i].path, path) == 0)
			return &source->files[i];
	}
	if (source->count == FILES_MAX)
		return NULL;
	struct pmt_source_file *files =
	    realloc(source->files, (source->count + 1) * sizeof(*files));
	if (!files)
		return NULL;
	source->files = files;
	struct pmt_source_file *file = &files[source->count];
	*file = (struct pmt_source_file){.path = strdup(path)};
	if (!file->path)
		return NULL;
	source->count++;
	load(source, file);
	return file;
}

const char *pmt_source_line(struct pmt_source *source, const char *path, uint64_t line)
{
	struct pmt_source_file *file;

	/* "<string>", "<frozen os>": no files. */
	if (!path || path[0] == '<' || line == 0)
		return NULL;
	file = find(source, path);
	if (!file || line > file->line_count)
		return NULL;
	return file->lines[line - 1];
}

void pmt_source_close(struct pmt_source *source)
{
	for (size_t i = 0; i < source->count; i++) {
		free(source->files[i].path);
		free(source->files[i].text);
		free(source->files[i].lines);
	}
	free(source->files);
	*source = (struct pmt_source){0};
}
