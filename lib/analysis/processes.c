/* Finding the traces of a run, and putting them in the order of a family tree. */
#include "analysis/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/process_facts.h"

enum { ENTRIES_MAX = 100000 };

static int append(struct pmt_processes *processes, uint32_t *capacity,
		  const struct pmt_process *process)
{
	if (processes->count == *capacity) {
		uint32_t bigger = *capacity ? *capacity * 2 : 8;
		struct pmt_process *items =
		    realloc(processes->items, bigger * sizeof(*items));

		if (!items)
			return -ENOMEM;
		processes->items = items;
		*capacity = bigger;
	}
	processes->items[processes->count++] = *process;
	return 0;
}

/* Whether the file is a trace of the run. Opens no device and waits for no pipe. */
static bool is_of_run(int folder, const char *name, const uint8_t *run_id)
{
	struct pmt_file_header header;
	struct stat st;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool found = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header))
		found =
		    memcmp(header.magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES) == 0 &&
		    memcmp(header.run_id, run_id, PMT_RUN_ID_BYTES) == 0;
	close(fd);
	return found;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* folder NULL: the path had none. */
static char *join(const char *folder, const char *name)
{
	if (!folder)
		return strdup(name);
	size_t size = strlen(folder);
	char *path = malloc(size + strlen(name) + 2);

	if (path) {
		memcpy(path, folder, size);
		path[size] = '/';
		strcpy(path + size + 1, name);
	}
	return path;
}

/* Adds the trace at path if it can be read. 0 or -ENOMEM. */
static int add_trace(struct pmt_processes *processes, uint32_t *capacity,
		     const char *path, const char *given)
{
	struct pmt_process process;
	int error = pmt_process_read(path, &process);

	if (error == -EBADMSG) {
		processes->unreadable_count++;
		return 0;
	}
	if (error)
		return error;
	process.is_this = is_same_file(path, given);
	error = append(processes, capacity, &process);
	if (error)
		pmt_process_close(&process);
	return error;
}

/* The siblings of given in its folder. */
static int add_folder(struct pmt_processes *processes, uint32_t *capacity,
		      const char *folder_path, const char *given, const uint8_t *run_id)
{
	DIR *folder = opendir(folder_path ? folder_path : ".");
	struct dirent *entry;
	unsigned seen = 0;
	int error = 0;

	if (!folder)
		return 0;
	while (!error && seen++ < ENTRIES_MAX && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    !is_of_run(dirfd(folder), entry->d_name, run_id))
			continue;
		char *path = join(folder_path, entry->d_name);
		if (!path) {
			error = -ENOMEM;
			break;
		}
		if (!is_same_file(path, given))
			error = add_trace(processes, capacity, path, given);
		free(path);
	}
	closedir(folder);
	return error;
}

static int by_start(const void *a, const void *b)
{
	const struct pmt_process *x = a;
	const struct pmt_process *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->generation > y->generation) - (x->generation < y->generation);
}

/* The latest program image of parent_pid that had begun when `of` did; an exec's image
 * has the one before it as its parent. */
static uint32_t find_parent(const struct pmt_processes *processes, uint32_t of)
{
	const struct pmt_process *child = &processes->items[of];
	uint32_t found = PMT_PROCESS_NONE;

	for (uint32_t i = 0; i < of; i++) {
		const struct pmt_process *p = &processes->items[i];

		if (p->pid == child->pid || p->pid == child->parent_pid)
			found = i;
	}
	return found;
}

/* Sorted by start, then moved so that each stands behind its parent's family. */
static int order(struct pmt_processes *processes)
{
	uint32_t count = processes->count;
	struct pmt_process *ordered = calloc(count + 1, sizeof(*ordered));
	uint32_t *place = calloc(count + 1, sizeof(*place));
	uint32_t *stack = calloc(count + 1, sizeof(*stack));
	uint32_t used = 0, depth = 0;
	int error = ordered && place && stack ? 0 : -ENOMEM;

	if (error)
		goto out;
	qsort(processes->items, count, sizeof(*processes->items), by_start);
	for (uint32_t i = 0; i < count; i++)
		processes->items[i].parent = find_parent(processes, i);
	for (uint32_t i = count; i-- > 0;) {
		if (processes->items[i].parent == PMT_PROCESS_NONE)
			stack[depth++] = i;
	}
	while (depth > 0) {
		uint32_t i = stack[--depth];
		struct pmt_process p = processes->items[i];

		if (p.parent != PMT_PROCESS_NONE) {
			p.parent = place[p.parent];
			p.depth = ordered[p.parent].depth + 1;
		}
		place[i] = used;
		ordered[used++] = p;
		for (uint32_t child = count; child-- > i + 1;) {
			if (processes->items[child].parent == i)
				stack[depth++] = child;
		}
	}
	memcpy(processes->items, ordered, used * sizeof(*ordered));
out:
	free(ordered);
	free(place);
	free(stack);
	return error;
}

int pmt_processes_find(const char *path, struct pmt_processes *ret_processes)
{
	struct pmt_processes processes = {0};
	struct pmt_file_header header = {0};
	uint32_t capacity = 0;
	const char *slash = strrchr(path, '/');
	char *folder =
	    slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : NULL;
	int error =
	    slash && !folder ? -ENOMEM : add_trace(&processes, &capacity, path, path);

	if (!error && pmt_process_read_header(path, &header) == 0)
		error = add_folder(&processes, &capacity, folder, path, header.run_id);
	if (!error && processes.count > 0)
		error = order(&processes);
	if (slash) /* gcc 12's analyzer takes free(NULL), twice, for a fault */
		free(folder);
	if (error) {
		pmt_processes_close(&processes);
		return error;
	}
	*ret_processes = processes;
	return 0;
}

void pmt_processes_close(struct pmt_processes *processes)
{
	for (uint32_t i = 0; i < processes->count; i++)
		pmt_process_close(&processes->items[i]);
	free(processes->items);
	*processes = (struct pmt_processes){0};
}

const char *pmt_process_short_command(const char *command)
{
	const char *short_command = command;

	for (const char *at = command; *at && *at != ' '; at++) {
		if (*at == '/' && at[1] && at[1] != ' ')
			short_command = at + 1;
	}
	return short_command;
}
