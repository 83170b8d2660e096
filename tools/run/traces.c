/* Searches one folder for the traces of one run; see traces.h. */
#include "config.h"

#include "run/traces.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"

static const char *skip_digits(const char *text)
{
	while (isdigit((unsigned char)*text))
		text++;
	return text;
}

/* What a tracer puts behind a name that is taken: nothing, .PID or .PID.N */
static bool is_suffix(const char *text)
{
	for (int i = 0; i < 2 && *text == '.'; i++) {
		const char *end = skip_digits(text + 1);

		if (end == text + 1)
			return false;
		text = end;
	}
	return *text == '\0';
}

/* Whether name is what the last part of out= becomes for some process. */
static bool fits(const char *pattern, const char *name)
{
	for (; *pattern; pattern++) {
		if (pattern[0] != '%') {
			if (*name++ != *pattern)
				return false;
		} else if (*++pattern == '%') {
			if (*name++ != '%')
				return false;
		} else {
			/* The digits of a process id; more of them may follow in out=. */
			for (const char *end = skip_digits(name); end > name; end--)
				if (fits(pattern + 1, end))
					return true;
			return false;
		}
	}
	return is_suffix(name);
}

/* The folder part of out=, with %p replaced by pid. "" for the current one. */
static bool folder_of(const char *out, uint32_t pid, char *folder, size_t size)
{
	const char *end = strrchr(out, '/');
	size_t used = 0;

	for (const char *p = out; end && p <= end; p++) {
		char digits[16] = {*p, '\0'};

		if (p[0] == '%' && *++p == 'p')
			snprintf(digits, sizeof(digits), "%u", pid);
		if (used + strlen(digits) >= size)
			return false;
		memcpy(folder + used, digits, strlen(digits));
		used += strlen(digits);
	}
	folder[used] = '\0';
	return true;
}

static bool read_header(const char *path, struct pmt_found_trace *found)
{
	struct pmt_file_header *header = &found->header;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	bool good;

	if (fd < 0)
		return false;
	good =
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    read(fd, header, sizeof(*header)) == (ssize_t)sizeof(*header) &&
	    memcmp(header->magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES) == 0 &&
	    pmt_crc32c(0, header, offsetof(struct pmt_file_header, crc)) == header->crc;
	close(fd);
	found->bytes = good ? (uint64_t)st.st_size : 0;
	return good;
}

static int add(struct pmt_traces *traces, const char *path,
	       const uint8_t run_id[PMT_RUN_ID_BYTES], uint64_t not_before)
{
	struct pmt_found_trace found, *more;

	if (!read_header(path, &found) ||
	    memcmp(found.header.run_id, run_id, PMT_RUN_ID_BYTES) != 0 ||
	    found.header.process_start < not_before)
		return 0;
	more = realloc(traces->at, (traces->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	traces->at = more;
	found.path = strdup(path);
	if (!found.path)
		return -ENOMEM;
	more[traces->count++] = found;
	return 0;
}

/* An exec keeps the process's start, so the generation decides. */
static int by_age(const void *left, const void *right)
{
	const struct pmt_file_header *a = &((const struct pmt_found_trace *)left)->header;
	const struct pmt_file_header *b =
	    &((const struct pmt_found_trace *)right)->header;

	if (a->process_start != b->process_start)
		return a->process_start < b->process_start ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->generation < b->generation ? -1 : a->generation > b->generation;
}

int pmt_traces_find(struct pmt_traces *traces, const char *out,
		    const uint8_t run_id[PMT_RUN_ID_BYTES], uint32_t pid,
		    uint64_t not_before)
{
	const char *slash = strrchr(out, '/');
	const char *pattern = slash ? slash + 1 : out;
	char folder[PATH_MAX], path[PATH_MAX + NAME_MAX + 1];
	struct dirent *entry;
	int result = 0;

	*traces = (struct pmt_traces){NULL, 0};
	pmt_crc32c_init();
	if (!folder_of(out, pid, folder, sizeof(folder)))
		return 0;
	DIR *directory = opendir(*folder ? folder : ".");
	if (!directory)
		return 0;
	while (result == 0 && (entry = readdir(directory)) != NULL) {
		if (!fits(pattern, entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s%s", folder, entry->d_name);
		result = add(traces, path, run_id, not_before);
	}
	closedir(directory);
	if (traces->count > 1)
		qsort(traces->at, traces->count, sizeof(*traces->at), by_age);
	return result;
}

void pmt_traces_close(struct pmt_traces *traces)
{
	for (size_t i = 0; i < traces->count; i++)
		free(traces->at[i].path);
	free(traces->at);
}
